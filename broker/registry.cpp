// Writing the registry.
#include "registry.hpp"

#include <fcntl.h>

#include "sys/process.hpp"

namespace bus::broker {

Result<Registry> Registry::create(sys::Directory const& folder, std::uint64_t generation, std::span<shm::RegistryRecord const> records) {
    auto const boot = sys::boot_id();
    if (!boot) return boot.error();
    auto const ipc_namespace = sys::ipc_namespace();
    if (!ipc_namespace) return ipc_namespace.error();

    shm::RegistryRecord head{};
    head.kind = shm::RegistryKind::head;
    head.layout_version = shm::kLayoutVersion;
    head.id = -1;
    head.generation = generation;
    head.ipc_namespace = *ipc_namespace;
    head.uid = sys::effective_uid();
    shm::set_text(head, *boot);

    std::vector<shm::RegistryRecord> all;
    all.reserve(records.size() + 1);
    all.push_back(head);
    all.insert(all.end(), records.begin(), records.end());
    for (auto& record : all) shm::seal(record);
    auto const path = folder.path_of(kFile);
    if (auto done = sys::replace_file(path, std::as_bytes(std::span(all)), 0644); !done) return done.error();
    auto file = sys::open_file(path, O_WRONLY | O_APPEND);
    if (!file) return file.error();
    return Registry(std::move(*file), all.size());
}

Result<void> Registry::append(shm::RegistryRecord record) {
    shm::seal(record);
    ++records_;
    return sys::write_all(file_.fd(), std::as_bytes(std::span(&record, 1)));
}

}  // namespace bus::broker
