// The lines of a log: those that are there, then those to come, also after the file was emptied or replaced.
#pragma once

#include <functional>
#include <string>

namespace telemetry {

class LogFile {
public:
    /// "-" is standard input, which has an end; a file has none. A file that is not there yet is waited for.
    /// While it waits it asks `go_on` whenever `fd` is readable.
    LogFile(std::string path, int fd, std::function<bool()> go_on);
    ~LogFile();
    LogFile(LogFile const&) = delete;
    LogFile& operator=(LogFile const&) = delete;

    /// Waits for the next line. False: the input has ended, or go_on() said so.
    bool next(std::string& line);

private:
    bool take_line(std::string& line);
    bool read_more();  // false: the end
    bool wait();       // until the file may have grown; false: go_on() said so
    void open_if_replaced();

    std::string path_;
    int wake_;
    std::function<bool()> go_on_;
    int fd_ = -1;
    int watch_ = -1;  // inotify, on the folder: it sees the file come, grow and be replaced
    std::string held_;
    bool ended_ = false;
};

}  // namespace telemetry
