// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace llmgw {

/// Whether the program at the other end of a TCP connection, whose end of input has been read, has
/// let go of it. A half-closed peer (`nc -N`) still waits for its answer, but on the wire it looks
/// like one that is gone. On the same machine the kernel can tell: the peer's socket has an owner
/// or not (sock_diag(7)). A peer on another machine counts as gone.
[[nodiscard]] bool peer_has_gone(int fd);

}  // namespace llmgw
