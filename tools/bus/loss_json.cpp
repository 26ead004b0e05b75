// What is said of losses.
#include "loss_json.hpp"

#include "table.hpp"
#include "topic_json.hpp"

namespace bus::tool {

void add_loss(JsonWriter& json, LossInfo const& loss) {
    bool const known = loss.subscription != 0;
    json.object().member("topic", loss.topic).member("count", loss.count).member("why", loss.why);
    json.key("publisher");
    loss.publisher == 0 ? json.null() : json.value(loss.publisher);
    json.key("subscription");
    known ? json.value(loss.subscription) : json.null();
    json.key("client");
    loss.client == 0 ? json.null() : json.value(loss.client);
    json.key("name");
    known ? json.value(loss.identity.name) : json.null();
    json.key("pid");
    known ? json.value(loss.identity.pid) : json.null();
    json.end_object();
}

std::string loss_table(std::vector<LossInfo> const& losses, Screen const& screen) {
    Table table({{"TOPIC", Align::left, true},
                 {"LOST", Align::right},
                 {"BY", Align::left, true},
                 {"OF", Align::right, false, 1},
                 {"WHY", Align::left, true}});
    for (auto const& loss : losses) {
        table.row({loss.topic, std::to_string(loss.count), loss.subscription == 0 ? "(gone)" : shown_client(loss.identity),
                   loss.publisher == 0 ? "-" : std::to_string(loss.publisher), loss.why});
    }
    return table.text(screen);
}

}  // namespace bus::tool
