// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/peer.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "common/base/fd.h"

namespace llmgw {

namespace {

// The address and port of one end, as sock_diag wants them: IPv4 and IPv6 in the same field.
struct End {
    std::uint8_t family = AF_INET;
    std::uint32_t address[4] = {};
    std::uint16_t port = 0;  // network byte order
};

std::optional<End> end_of(const sockaddr_storage& storage) {
    End end;
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        std::memcpy(end.address, &in.sin_addr, 4);
        end.port = in.sin_port;
        return end;
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &storage, sizeof in);
        end.family = AF_INET6;
        std::memcpy(end.address, &in.sin6_addr, 16);
        end.port = in.sin6_port;
        return end;
    }
    return std::nullopt;
}

bool is_loopback(const End& end) {
    if (end.family == AF_INET) {
        return (ntohl(end.address[0]) >> 24) == 127;
    }
    return end.address[0] == 0 && end.address[1] == 0 && end.address[2] == 0 &&
           end.address[3] == htonl(1);
}

// The inode of the socket with these ends; 0: no process holds it; nullopt: the kernel won't say.
std::optional<std::uint32_t> socket_inode(const End& local, const End& remote) {
    const Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!netlink.valid()) {
        return std::nullopt;
    }
    struct {
        nlmsghdr header;
        inet_diag_req_v2 body;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.body.sdiag_family = local.family;
    request.body.sdiag_protocol = IPPROTO_TCP;
    request.body.idiag_states = ~0U;
    request.body.id.idiag_sport = local.port;
    request.body.id.idiag_dport = remote.port;
    std::memcpy(request.body.id.idiag_src, local.address, sizeof local.address);
    std::memcpy(request.body.id.idiag_dst, remote.address, sizeof remote.address);
    request.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (::send(netlink.get(), &request, sizeof request, 0) < 0) {
        return std::nullopt;
    }
    alignas(nlmsghdr) char answer[4096];
    const ssize_t size = ::recv(netlink.get(), answer, sizeof answer, MSG_DONTWAIT);
    if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) {
        return std::nullopt;
    }
    nlmsghdr header{};
    std::memcpy(&header, answer, sizeof header);
    if (header.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error{};
        std::memcpy(&error, answer + NLMSG_HDRLEN, sizeof error);
        return error.error == -ENOENT ? std::optional<std::uint32_t>(0) : std::nullopt;
    }
    if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof(inet_diag_msg))) {
        return std::nullopt;
    }
    inet_diag_msg message{};
    std::memcpy(&message, answer + NLMSG_HDRLEN, sizeof message);
    return message.idiag_inode;
}

}  // namespace

bool peer_has_gone(int fd) {
    sockaddr_storage local{};
    sockaddr_storage remote{};
    socklen_t size = sizeof local;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
        return true;
    }
    size = sizeof remote;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &size) != 0) {
        return true;
    }
    const auto ours = end_of(local);
    const auto theirs = end_of(remote);
    if (!ours || !theirs || !is_loopback(*theirs)) {
        return true;
    }
    // Seen from the peer, its own end is the local one.
    const auto inode = socket_inode(*theirs, *ours);
    return inode.value_or(0) == 0;
}

}  // namespace llmgw
