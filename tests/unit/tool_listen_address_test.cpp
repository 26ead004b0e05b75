// Addresses to listen at, read and tried.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.hpp"
#include "listen_address.hpp"

namespace bus::tool {
namespace {

TEST(ListenAddress, IsReadAsPeopleWriteIt) {
    struct Case {
        char const* written;
        char const* meant;
    };
    for (auto const& [written, meant] : {Case{"9464", "127.0.0.1:9464"}, Case{"0", "127.0.0.1:0"}, Case{"127.0.0.1:0", "127.0.0.1:0"},
                                         Case{"0.0.0.0:65535", "0.0.0.0:65535"}, Case{"localhost:80", "127.0.0.1:80"}}) {
        auto const address = parse_listen_address(written);
        ASSERT_TRUE(address) << written << ": " << address.error().what();
        EXPECT_EQ(address->text(), meant);
    }
}

TEST(ListenAddress, RefusesWhatIsNoneAndSaysHowItIsWritten) {
    for (auto const* const wrong : {"",
                                    ":",
                                    ":9464",
                                    "127.0.0.1:",
                                    "127.0.0.1",
                                    "9464x",
                                    "-1",
                                    "+1",
                                    "65536",
                                    " 9464",
                                    "127.0.0.1:94 64",
                                    "::1:9464",
                                    "[::1]",
                                    "[::1]9464",
                                    "[127.0.0.1]:9464",
                                    "[]:9464",
                                    "256.0.0.1:9464",
                                    "1.2.3:9464",
                                    "example.org:9464",
                                    "http://127.0.0.1:9464",
                                    "[::1]]:9464",
                                    "99999999999999999999"}) {
        auto const address = parse_listen_address(wrong);
        ASSERT_FALSE(address) << wrong << " is taken for " << address->text();
        EXPECT_TRUE(is_usage_error(address.error())) << wrong;
        EXPECT_NE(address.error().what().find("'" + std::string(wrong) + "'"), std::string::npos) << address.error().what();
        EXPECT_NE(address.error().hint().find("127.0.0.1:9464"), std::string::npos);
    }
}

/// A socket that listens on loopback, at a port of the kernel's choice.
class Listener {
public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        good_ = ::bind(socket_, any, length) == 0 && ::listen(socket_, 1) == 0 && ::getsockname(socket_, any, &length) == 0;
        port_ = ntohs(address.sin_port);
    }
    ~Listener() { ::close(socket_); }
    Listener(Listener const&) = delete;
    Listener& operator=(Listener const&) = delete;

    bool good() const { return good_; }
    std::uint16_t port() const { return port_; }

private:
    int socket_;
    bool good_ = false;
    std::uint16_t port_ = 0;
};

TEST(ListenAddress, IsTriedBeforeItIsUsed) {
    Listener const taken;
    ASSERT_TRUE(taken.good());
    auto const can = check_can_listen({"127.0.0.1", taken.port()});
    ASSERT_FALSE(can);
    EXPECT_EQ(can.error().code(), Errc::io);
    EXPECT_NE(can.error().what().find("127.0.0.1:" + std::to_string(taken.port())), std::string::npos) << can.error().what();
    EXPECT_NE(can.error().what().find("in use"), std::string::npos) << can.error().what();
    EXPECT_TRUE(check_can_listen({"127.0.0.1", 0}));
}

TEST(ListenAddress, OfAnotherHostIsNamed) {
    auto const can = check_can_listen({"192.0.2.1", 0});  // for documentation: nobody has it
    ASSERT_FALSE(can);
    EXPECT_NE(can.error().what().find("192.0.2.1:0"), std::string::npos) << can.error().what();
}

}  // namespace
}  // namespace bus::tool
