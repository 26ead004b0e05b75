// Writes the manual pages: bus-man-pages FOLDER BUSD_TOML. Run by `meson install`, for which a FOLDER that is not absolute lies below the
// prefix; not installed itself.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "man_page.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bus::tool;

void write(fs::path const& folder, int section, std::string const& name, std::string const& text) {
    auto const of_section = folder / ("man" + std::to_string(section));
    fs::create_directories(of_section);
    std::ofstream file(of_section / (name + "." + std::to_string(section)));
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file << text;
    file.close();
}

std::string contents_of(fs::path const& path) {
    std::ifstream file(path);
    file.exceptions(std::ios::failbit | std::ios::badbit);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_all(fs::path const& folder, fs::path const& busd_toml) {
    write(folder, 1, "bus", man_overview());
    for (auto const* entry : verbs())
        if (!entry->name.empty()) write(folder, 1, man_name(*entry), man_page(*entry));
    for (auto const& page : help_pages()) write(folder, 7, "bus-" + std::string(page.name), man_page(page));
    write(folder, 5, "busd.toml", man_file("busd.toml", "the configuration of busd", contents_of(busd_toml)));
}

fs::path installed(fs::path const& folder) {
    auto const* const destination = std::getenv("DESTDIR");
    auto const* const prefix = std::getenv("MESON_INSTALL_DESTDIR_PREFIX");
    if (folder.is_absolute())
        return destination == nullptr || *destination == '\0' ? folder : fs::path(destination) / folder.relative_path();
    return fs::path(prefix == nullptr ? "." : prefix) / folder;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: bus-man-pages FOLDER BUSD_TOML\n";
        return 2;
    }
    ::umask(022);  // everybody may read them, whoever installs
    try {
        write_all(installed(argv[1]), argv[2]);
    } catch (std::exception const& error) {
        std::cerr << "bus-man-pages: " << argv[1] << ": " << error.what() << "\n";
        return 1;
    }
    return 0;
}
