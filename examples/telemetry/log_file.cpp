// Follows a log.
#include "log_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace telemetry {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;  // a longer one is cut there
constexpr int kLookAgainMs = 1000;               // where nothing can be watched

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

LogFile::LogFile(std::string path, int fd, std::function<bool()> go_on) : path_(std::move(path)), wake_(fd), go_on_(std::move(go_on)) {
    if (path_ == "-") {
        fd_ = STDIN_FILENO;
        return;
    }
    watch_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch_ >= 0) (void)::inotify_add_watch(watch_, folder_of(path_).c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
}

LogFile::~LogFile() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
    if (watch_ >= 0) ::close(watch_);
}

bool LogFile::next(std::string& line) {
    while (!take_line(line)) {
        if (ended_ || !read_more()) return false;
    }
    return true;
}

bool LogFile::take_line(std::string& line) {
    auto const end = held_.find('\n');
    if (end == std::string::npos && held_.size() < kLongestLine && !(ended_ && !held_.empty())) return false;
    auto const length = std::min({end, held_.size(), kLongestLine});
    line = held_.substr(0, length);
    held_.erase(0, length + (length == end ? 1 : 0));
    return true;
}

bool LogFile::read_more() {
    std::array<char, 16 * 1024> buffer;
    while (true) {
        // Standard input is polled first: while it is read nothing could end us.
        if (path_ == "-" && !wait()) return false;
        auto const got = fd_ < 0 ? 0 : ::read(fd_, buffer.data(), buffer.size());
        if (got > 0) {
            held_.append(buffer.data(), static_cast<std::size_t>(got));
            return true;
        }
        if (got < 0 && errno == EINTR) continue;
        if (path_ == "-") {
            ended_ = true;
            return !held_.empty();
        }
        open_if_replaced();
        if (!wait()) return false;
    }
}

bool LogFile::wait() {
    std::array<pollfd, 2> polled{pollfd{path_ == "-" ? fd_ : watch_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    do {
        auto const ready = ::poll(polled.data(), polled.size(), path_ == "-" ? -1 : kLookAgainMs);
        if (ready < 0 && errno != EINTR) return false;
        if (ready > 0 && polled[1].revents != 0 && !go_on_()) return false;
        if (ready < 0) polled[0].revents = 0;
    } while (path_ == "-" && polled[0].revents == 0);
    std::array<char, 4096> events;
    while (watch_ >= 0 && ::read(watch_, events.data(), events.size()) > 0) continue;
    return true;
}

void LogFile::open_if_replaced() {
    struct stat there {
    }, ours{};
    if (::stat(path_.c_str(), &there) != 0) return;
    bool const same = fd_ >= 0 && ::fstat(fd_, &ours) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
    if (same && ours.st_size >= ::lseek(fd_, 0, SEEK_CUR)) return;
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace telemetry
