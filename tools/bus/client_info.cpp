// bus client info: what programs do on the bus: what they publish and read, how far behind they are, what is theirs in the kernel.
#include <algorithm>
#include <bus/introspect.hpp>

#include "client_choice.hpp"
#include "client_info_format.hpp"
#include "connect.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

class ClientInfoVerb final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("CLIENT", wanted_, "Its number, its name if it is the only one, or NAME[PID]", Need::required, "CLIENT");
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        auto const shown = collect(context);
        if (!shown) return shown.error();
        auto const text = context.json ? clients_json(*shown) : clients_text(*shown, Screen::of_stdout(wide_));
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    Result<std::vector<ShownClient>> collect(Context const& context) const {
        auto const options = connection_options(context);
        auto const clients = choose_clients(wanted_, options);
        if (!clients) return clients.error();
        auto const objects = kernel_objects(options);
        if (!objects) return objects.error();
        std::vector<ShownClient> shown;
        for (auto const& client : *clients) {
            auto detail = client_detail(client.id, options);
            if (!detail) return detail.error();
            ShownClient one{std::move(*detail), {}};
            std::ranges::copy_if(*objects, std::back_inserter(one.objects), [&](auto const& object) { return object.client == client.id; });
            shown.push_back(std::move(one));
        }
        return shown;
    }

    std::vector<std::string> wanted_;
    bool wide_ = false;
};

}  // namespace

VerbEntry const kClientInfo{"client",
                            "info",
                            "What a program publishes and reads, and how far behind it is",
                            "Lists its publishers, its subscriptions with their place in each ring, and its kernel objects.",
                            make_verb<ClientInfoVerb>,
                            "  bus client info driver"};

}  // namespace bus::tool
