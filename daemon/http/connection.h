// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/http/server.h"
#include "daemon/net/socket.h"

namespace llmgw {

/// One client's connection: reads a request, has the service answer it, reads the next. An idle or
/// streaming connection costs no thread and no buffer.
class Connection : public Client, public std::enable_shared_from_this<Connection> {
  public:
    Connection(Server& server, Fd fd);
    ~Connection() override;

    /// Serves until the connection ends. `self` keeps it alive.
    static Task<void> run(std::shared_ptr<Connection> self);

    Task<bool> answer(const AnswerHead& head, std::vector<std::string_view> body) override;
    Task<bool> begin(const AnswerHead& head, std::string_view first) override;
    Task<bool> send(std::string_view bytes) override;
    bool begin_now(const AnswerHead& head, std::string_view first) override;
    bool send_now(std::string_view bytes) override;
    Task<bool> end(bool clean) override;
    void on_gone(std::function<void()> callback) override;
    [[nodiscard]] bool gone() const override { return gone_; }

    /// Closes it if no request is under way or has begun to arrive.
    void close_if_idle();
    void close();
    /// Sends an answer, then closes so that the client gets to read it.
    Task<void> refuse(const LocalAnswer& refusal);

  private:
    // Waits for input and appends it to in_; how that went.
    class Input final : public Socket::Wait {
      public:
        explicit Input(Connection& connection)
            : Wait(connection.socket_), connection_(connection) {}
        [[nodiscard]] Io await_resume() const { return state_; }

      private:
        bool attempt() override;
        Connection& connection_;
        Io state_ = Io::again;
    };
    // A write; true when it reached the socket.
    class Sending {
      public:
        Sending(Connection& connection, std::span<iovec> pieces)
            : connection_(connection), write_(connection.socket_, pieces) {}
        [[nodiscard]] bool await_ready() { return connection_.gone_ || write_.await_ready(); }
        void await_suspend(std::coroutine_handle<> waiting);
        [[nodiscard]] bool await_resume();

      private:
        Connection& connection_;
        Socket::Write write_;
    };
    enum class Step { next, close };

    Task<Step> serve_one();
    Task<bool> read_head(std::size_t& head_size);
    bool take_body(const RequestHead& head, std::string& body);
    Task<Step> read_body(const RequestHead& head, std::string& body);
    Task<Step> read_sized_body(std::uint64_t size, std::string& body);
    Task<Step> read_chunked_body(std::string& body);
    Input read_more() { return Input(*this); }
    Io take_input();
    Task<Step> refuse_and_close(const HttpRefusal& refusal);
    Task<bool> answer_locally(const LocalAnswer& local);
    void add_chunk(std::span<iovec, 3> pieces, std::string_view bytes, char (&buffer)[20]) const;
    bool write_now(std::span<const iovec> pieces, bool keep_all);
    Task<bool> send_kept();
    Task<void> linger();
    void leave();
    void look_for_end();
    std::string head_text(const AnswerHead& head, std::optional<std::size_t> size);

    Server& server_;
    Socket socket_;
    std::string in_;    // bytes that have arrived and are not consumed
    std::string kept_;  // what send_now() could send only in part: goes out before anything else
    Deadline deadline_;
    std::function<void()> gone_callback_;
    bool gone_ = false;
    bool half_closed_ = false;  // the client sends no more, but may still read
    bool idle_ = true;          // between two requests
    bool keep_alive_ = true;
    bool head_request_ = false;
    bool http10_ = false;
    bool chunked_out_ = false;
    bool answered_ = false;
};

}  // namespace llmgw
