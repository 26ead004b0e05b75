// A folder for one test, removed with all that is in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bus::test {

class TemporaryDirectory {
public:
    /// Mode 0755, so that tests as several uids can share it; aborts where it can't be made.
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(TemporaryDirectory const&) = delete;
    TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;

    std::string const& path() const { return path_; }
    std::string path_of(std::string const& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// The same as $BUS_RUNTIME_DIR of this process (and the children it starts) until destroyed.
class RuntimeDirectory : public TemporaryDirectory {
public:
    RuntimeDirectory();
    ~RuntimeDirectory();

private:
    std::optional<std::string> old_;
};

}  // namespace bus::test
