// bus ipc: every kernel object of the bus, so that each line of `ipcs` has a meaning.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "object_json.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(BusInfo const& info, std::vector<KernelObject> const& objects) {
    JsonWriter json;
    json.object().member("bus", info.bus).member("folder", info.folder).key("objects").array();
    for (auto const& object : objects) add_object(json, object);
    return json.end_array().end_object().take() + "\n";
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
        auto const text = context.json ? as_json(*info, *objects) : object_table(*objects, Screen::of_stdout(wide_));
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
