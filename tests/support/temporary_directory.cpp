// mkdtemp and the environment.
#include "support/temporary_directory.hpp"

#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

namespace bus::test {

TemporaryDirectory::TemporaryDirectory() {
    char const* const base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/bus-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0755) != 0) {
        std::perror(path_.c_str());
        std::abort();
    }
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

RuntimeDirectory::RuntimeDirectory() {
    if (char const* const old = std::getenv("BUS_RUNTIME_DIR")) old_ = old;
    ::setenv("BUS_RUNTIME_DIR", path().c_str(), 1);
}

RuntimeDirectory::~RuntimeDirectory() {
    if (old_) {
        ::setenv("BUS_RUNTIME_DIR", old_->c_str(), 1);
    } else {
        ::unsetenv("BUS_RUNTIME_DIR");
    }
}

}  // namespace bus::test
