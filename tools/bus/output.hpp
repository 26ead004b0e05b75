// Standard output: buffered, written out before the program waits, and quiet once its reader has gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <bus/error.hpp>

namespace bus::tool {

/// Where the reader went away (EPIPE), everything is `closed` from then on: the verb ends, silently and with status 0.
class Output {
public:
    /// Takes the text; writes when much has come together.
    Result<void> write(std::string_view text);
    Result<void> line(std::string_view text);
    Result<void> flush();

    bool reader_gone() const noexcept { return reader_gone_; }
    /// Somebody found out while waiting.
    void reader_went() noexcept { reader_gone_ = true; }
    /// Columns of the terminal at stdout; 0 where there is none: then nothing is cut.
    static std::size_t terminal_columns() noexcept;
    static bool is_terminal() noexcept;

private:
    Result<void> write_all(std::string_view text);

    std::string pending_;
    bool reader_gone_ = false;
};

}  // namespace bus::tool
