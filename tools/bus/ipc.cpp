// bus ipc: every kernel object of the bus, so that each line of `ipcs` has a meaning.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "object_json.hpp"
#include "quantity.hpp"
#include "table.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(BusInfo const& info, std::vector<KernelObject> const& objects) {
    JsonWriter json;
    json.object().member("bus", info.bus).member("folder", info.folder).key("objects").array();
    for (auto const& object : objects) add_object(json, object);
    return json.end_array().end_object().take() + "\n";
}

std::string held(KernelObject const& object) {
    switch (object.kind) {
        case KernelObject::Kind::segment:
            return show_bytes(static_cast<double>(object.bytes)) + ", attached " + std::to_string(object.messages);
        case KernelObject::Kind::queue:
            return std::to_string(object.messages) + " waiting";
        case KernelObject::Kind::semaphores:
            return std::to_string(object.messages) + " semaphores";
        case KernelObject::Kind::fifo:
            return {};
    }
    return {};
}

std::string as_text(std::vector<KernelObject> const& objects, std::size_t columns) {
    Table table(
        {{"KIND"}, {"ID", Align::left, true}, {"KEY"}, {"UID", Align::right}, {"MODE"}, {"USE"}, {"CLIENT", Align::right}, {"HOLDS"}});
    for (auto const& object : objects) {
        bool const fifo = object.kind == KernelObject::Kind::fifo;
        table.row({kind_name(object.kind), fifo ? object.path : std::to_string(object.id), fifo ? "" : shown_key(object.key),
                   std::to_string(object.uid), shown_mode(object.mode), object.use, object.client == 0 ? "" : std::to_string(object.client),
                   object.exists ? held(object) : "GONE: removed by somebody else"});
    }
    return table.text(columns);
}

class Ipc final : public Verb {
public:
    void declare(OptionSet& options) override { options.flag("--wide", wide_, "Cut no path"); }

    Result<ExitStatus> run(Context& context) override {
        auto const options = connection_options(context);
        auto const info = bus_info(options);
        if (!info) return info.error();
        auto const objects = kernel_objects(options);
        if (!objects) return objects.error();
        auto const text = context.json ? as_json(*info, *objects) : as_text(*objects, wide_ ? 0 : Output::terminal_columns());
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    bool wide_ = false;
};

}  // namespace

VerbEntry const kIpc{"", "ipc", "The kernel objects of the bus, as ipcs has them", "", make_verb<Ipc>};

}  // namespace bus::tool
