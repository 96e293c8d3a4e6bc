// SPDX-License-Identifier: Apache-2.0
// A tool of the build: checks the catalog's data files and writes them as constant tables.
#include <cstdio>
#include <fstream>
#include <string>

#include "common/catalog/generator/catalog_files.h"

int main(int argc, char** argv) {
    using namespace llmgw::generator;
    if (argc != 3) {
        std::fputs("usage: catalog_generator DATA_FOLDER OUT.cc\n", stderr);
        return 2;
    }
    Problems problems;
    const CatalogFiles files = read_files(argv[1], problems);
    check(files, problems);
    if (problems.empty() && (files.providers.empty() || files.models.empty())) {
        problems.emplace_back("there must be a provider and a model at least");
    }
    for (const std::string& problem : problems) {
        std::fprintf(stderr, "%s\n", problem.c_str());
    }
    if (!problems.empty()) {
        return 1;
    }
    std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
    out << emit(files);
    out.close();
    if (!out) {
        std::fprintf(stderr, "%s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}
