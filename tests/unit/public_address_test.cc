// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/public_address.h"

#include <doctest/doctest.h>

using namespace llmgw;

namespace {
bool is_public(const char* text) {
    return is_public_address(asio::ip::make_address(text));
}
}  // namespace

TEST_CASE("public address: of IPv4, everything but the registries' special blocks") {
    for (const char* address :
         {"1.1.1.1",         "8.8.8.8",        "9.255.255.255",   "11.0.0.0",
          "100.63.255.255",  "100.128.0.0",    "126.255.255.255", "128.0.0.0",
          "169.253.255.255", "169.255.0.0",    "172.15.255.255",  "172.32.0.0",
          "191.255.255.255", "192.0.1.0",      "192.0.3.0",       "192.31.196.1",
          "192.52.193.1",    "192.88.98.255",  "192.88.100.0",    "192.167.255.255",
          "192.169.0.0",     "198.17.255.255", "198.20.0.0",      "198.51.99.255",
          "198.51.101.0",    "203.0.112.255",  "203.0.114.0",     "223.255.255.255",
          "168.63.129.15",   "168.63.129.17"}) {
        CAPTURE(address);
        CHECK(is_public(address));
    }
    for (const char* address :
         {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.0.0.1",
          "10.255.255.255",  "100.64.0.0",      "100.100.100.200", "100.127.255.255",
          "127.0.0.1",       "127.255.255.255", "169.254.0.0",     "169.254.169.254",
          "169.254.170.2",   "169.254.255.255", "172.16.0.0",      "172.31.255.255",
          "192.0.0.0",       "192.0.0.192",     "192.0.0.255",     "192.0.2.1",
          "192.88.99.1",     "192.168.0.0",     "192.168.255.255", "198.18.0.0",
          "198.19.255.255",  "198.51.100.7",    "203.0.113.255",   "224.0.0.0",
          "239.255.255.255", "240.0.0.0",       "255.255.255.255", "168.63.129.16"}) {
        CAPTURE(address);
        CHECK_FALSE(is_public(address));
    }
}

TEST_CASE("public address: of IPv6, global unicast only") {
    for (const char* address :
         {"2000::", "2001:200::1", "2001:db7:ffff::1", "2001:db9::", "2001:4860:4860::8888",
          "2003::1", "2606:4700:4700::1111", "2a00:1450::1", "3ffd:ffff::1", "3fff:1000::1"}) {
        CAPTURE(address);
        CHECK(is_public(address));
    }
    for (const char* address : {"::",
                                "::1",
                                "::2",
                                "::7f00:1",
                                "100::1",
                                "1fff:ffff::1",
                                "2001::1",
                                "2001:10::1",
                                "2001:1ff:ffff::1",
                                "2001:db8::",
                                "2001:db8:ffff:ffff::1",
                                "3ffe::1",
                                "3fff::1",
                                "3fff:fff:ffff::1",
                                "4000::1",
                                "5f00::1",
                                "fc00::1",
                                "fd00:ec2::254",
                                "fd20:ce::254",
                                "fdff:ffff::1",
                                "fe80::1",
                                "febf::1",
                                "fec0::1",
                                "ff02::1",
                                "ff0e::1",
                                "ffff::1",
                                "64:ff9b:1::808:808",
                                "64:ff9b:0:0:0:1:808:808"}) {
        CAPTURE(address);
        CHECK_FALSE(is_public(address));
    }
}

TEST_CASE("public address: what an IPv6 address hides of IPv4 counts") {
    for (const char* address : {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
        CAPTURE(address);
        CHECK(is_public(address));
    }
    for (const char* address :
         {"::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
          "::ffff:100.64.0.1", "::fffe:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "64:ff9b::127.0.0.1",
          "64:ff9b::192.168.1.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a9fe:a9fe::1",
          "2002:c0a8:101::1", "2002:a01:203:4:5:6:7:8"}) {
        CAPTURE(address);
        CHECK_FALSE(is_public(address));
    }
}
