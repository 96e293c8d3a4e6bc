# SPDX-License-Identifier: Apache-2.0
# Turns text files into one source file with a table of names and contents.
#   cmake -D OUT=file.cc -D FILES=a;b -D ROOT=folder -P embed.cmake
set(source "#include \"cli/embedded.h\"\n\nnamespace llmgw {\n\nnamespace {\n")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
    file(READ ${ROOT}/${file} hex HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
    # One literal a file; short pieces, because a literal's hex escape ends where the piece ends.
    string(REGEX REPLACE "((\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..))" "\\1\"\n    \"" bytes "${bytes}")
    string(APPEND source "constexpr char kFile${index}[] =\n    \"${bytes}\";\n")
    string(APPEND table "    {\"${file}\", {kFile${index}, sizeof kFile${index} - 1}},\n")
    math(EXPR index "${index} + 1")
endforeach()
string(APPEND source "constexpr EmbeddedFile kFiles[] = {\n${table}};\n}  // namespace\n\n"
    "std::span<const EmbeddedFile> embedded_files() { return kFiles; }\n\n}  // namespace llmgw\n")
file(WRITE ${OUT} "${source}")
