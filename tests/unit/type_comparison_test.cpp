// Each row of the table is one change of a type, its verdict, and the proof: protobuf's own parser, both ways, with real bytes.
#include "wire/type_comparison.hpp"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "type_changes.hpp"
#include "wire/type_tables.hpp"

namespace bus::wire {
namespace {

namespace pb = google::protobuf;
using Verdict = SchemaDifference::Change::Verdict;

class Silent final : public pb::io::ErrorCollector {
    void AddError(int line, int column, std::string const& text) override { ADD_FAILURE() << line << ":" << column << ": " << text; }
};

/// A .proto as text, built.
struct Version {
    explicit Version(std::string const& text) {
        pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
        Silent errors;
        pb::io::Tokenizer tokens(&input, &errors);
        pb::FileDescriptorProto file;
        pb::compiler::Parser().Parse(&tokens, &file);
        file.set_name("m.proto");
        auto const* const built = pool.BuildFile(file);
        if (built == nullptr) {
            ADD_FAILURE() << text;
            return;
        }
        pb::FileDescriptorSet all;
        built->CopyTo(all.add_file());
        set = all.SerializeAsString();
        type = built->FindMessageTypeByName("M");
    }
    pb::Message const& prototype() { return *factory.GetPrototype(type); }

    pb::DescriptorPool pool;
    pb::DynamicMessageFactory factory{&pool};
    pb::Descriptor const* type = nullptr;
    std::string set;
};

constexpr int kFillings = 5;  // 0: small, 1: largest, 2: least, 3: nothing but what must be, 4: empty values

template <class T>
T number(int filling, int salt) {
    switch (filling) {
        case 1:
            return std::numeric_limits<T>::max();
        case 2:
            return std::numeric_limits<T>::lowest();
        case 4:
            return T{};
        default:
            return static_cast<T>(salt);
    }
}

void fill(pb::Message& message, int filling, int depth);

void fill_one(pb::Message& message, pb::FieldDescriptor const* field, int filling, int salt, int depth) {
    using Type = pb::FieldDescriptor;
    auto const* const to = message.GetReflection();
    bool const many = field->is_repeated();
    auto const put = [&](auto add, auto set, auto value) {
        many ? (to->*add)(&message, field, value) : (to->*set)(&message, field, value);
    };
    using R = pb::Reflection;
    switch (field->cpp_type()) {
        case Type::CPPTYPE_INT32:
            return put(&R::AddInt32, &R::SetInt32, number<std::int32_t>(filling, salt));
        case Type::CPPTYPE_INT64:
            return put(&R::AddInt64, &R::SetInt64, number<std::int64_t>(filling, salt));
        case Type::CPPTYPE_UINT32:
            return put(&R::AddUInt32, &R::SetUInt32, number<std::uint32_t>(filling, salt));
        case Type::CPPTYPE_UINT64:
            return put(&R::AddUInt64, &R::SetUInt64, number<std::uint64_t>(filling, salt));
        case Type::CPPTYPE_DOUBLE:
            return put(&R::AddDouble, &R::SetDouble, number<double>(filling, salt));
        case Type::CPPTYPE_FLOAT:
            return put(&R::AddFloat, &R::SetFloat, number<float>(filling, salt));
        case Type::CPPTYPE_BOOL:
            return put(&R::AddBool, &R::SetBool, filling < 2);
        case Type::CPPTYPE_ENUM: {
            auto const* const type = field->enum_type();
            bool const open = field->file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
            int const known = type->value(filling == 2 ? type->value_count() - 1 : (salt + filling) % type->value_count())->number();
            return put(&R::AddEnumValue, &R::SetEnumValue, open && filling == 1 ? 1000 : known);
        }
        case Type::CPPTYPE_STRING: {
            std::string text = filling == 4 ? "" : "text " + std::to_string(salt);
            if (field->type() == Type::TYPE_BYTES && filling == 1) text = "\xFF\xFE";
            return many ? to->AddString(&message, field, text) : to->SetString(&message, field, text);
        }
        case Type::CPPTYPE_MESSAGE:
            if (depth > 0) fill(*(many ? to->AddMessage(&message, field) : to->MutableMessage(&message, field)), filling, depth - 1);
    }
}

void fill(pb::Message& message, int filling, int depth) {
    auto const* const type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
        auto const* const field = type->field(i);
        if (filling == 3 && !field->is_required()) continue;
        int const count = field->is_map() ? 1 : field->is_repeated() ? 3 : 1;
        for (int n = 0; n < count; ++n) fill_one(message, field, filling, 10 * i + n + 1, depth);
    }
}

std::string render(pb::Message const& message, pb::Descriptor const* peer);

std::string render_one(pb::Message const& message, pb::FieldDescriptor const* field, pb::FieldDescriptor const* peer, int index) {
    using Type = pb::FieldDescriptor;
    auto const* const in = message.GetReflection();
    bool const many = index >= 0;
    switch (field->cpp_type()) {
        case Type::CPPTYPE_INT32:
            return std::to_string(many ? in->GetRepeatedInt32(message, field, index) : in->GetInt32(message, field));
        case Type::CPPTYPE_INT64:
            return std::to_string(many ? in->GetRepeatedInt64(message, field, index) : in->GetInt64(message, field));
        case Type::CPPTYPE_UINT32:
            return std::to_string(many ? in->GetRepeatedUInt32(message, field, index) : in->GetUInt32(message, field));
        case Type::CPPTYPE_UINT64:
            return std::to_string(many ? in->GetRepeatedUInt64(message, field, index) : in->GetUInt64(message, field));
        case Type::CPPTYPE_DOUBLE:
            return "d" + std::to_string(many ? in->GetRepeatedDouble(message, field, index) : in->GetDouble(message, field));
        case Type::CPPTYPE_FLOAT:
            return "f" + std::to_string(many ? in->GetRepeatedFloat(message, field, index) : in->GetFloat(message, field));
        case Type::CPPTYPE_BOOL:
            return std::to_string(static_cast<int>(many ? in->GetRepeatedBool(message, field, index) : in->GetBool(message, field)));
        case Type::CPPTYPE_ENUM:
            return std::to_string(many ? in->GetRepeatedEnumValue(message, field, index) : in->GetEnumValue(message, field));
        case Type::CPPTYPE_STRING:
            return "s" + (many ? in->GetRepeatedString(message, field, index) : in->GetString(message, field));
        case Type::CPPTYPE_MESSAGE:
            break;
    }
    if (peer->message_type() == nullptr) return "message";
    if (!many && !in->HasField(message, field)) return "none";
    return render(many ? in->GetRepeatedMessage(message, field, index) : in->GetMessage(message, field), peer->message_type());
}

/// The values of the fields that the peer's version has too.
std::string render(pb::Message const& message, pb::Descriptor const* peer) {
    auto const* const in = message.GetReflection();
    std::map<int, std::string> fields;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
        auto const* const field = message.GetDescriptor()->field(i);
        auto const* const theirs = peer->FindFieldByNumber(field->number());
        if (theirs == nullptr) continue;
        std::vector<std::string> values;
        if (!field->is_repeated()) values.push_back(render_one(message, field, theirs, -1));
        for (int n = 0; field->is_repeated() && n < in->FieldSize(message, field); ++n)
            values.push_back(render_one(message, field, theirs, n));
        if (field->is_map() || theirs->is_map()) std::ranges::sort(values);
        for (auto const& value : values) fields[field->number()].append("[").append(value).append("]");
    }
    std::string text;
    for (auto const& [number, value] : fields) text.append(std::to_string(number)).append(":").append(value).append(" ");
    return "{" + text + "}";
}

/// What went wrong when `reader` read what `writer` wrote; empty: nothing.
std::string garbled(Version& writer, Version& reader) {
    for (int filling = 0; filling < kFillings; ++filling) {
        std::unique_ptr<pb::Message> const written(writer.prototype().New());
        fill(*written, filling, 3);
        std::unique_ptr<pb::Message> const read(reader.prototype().New());
        if (!read->ParsePartialFromString(written->SerializePartialAsString())) return "does not parse: " + written->ShortDebugString();
        if (!read->IsInitialized()) return "lacks " + read->InitializationErrorString();
        auto const before = render(*written, reader.type), after = render(*read, writer.type);
        if (before != after) return std::string(before).append(" became ").append(after);
    }
    return {};
}

class TypeChange : public testing::TestWithParam<test::TypeChange> {};

TEST_P(TypeChange, HasTheVerdictThatProtobufsParserProves) {
    pb::LogSilencer const silent;
    auto const& change = GetParam();
    Version ours(change.ours), theirs(change.theirs);
    ASSERT_TRUE(ours.type != nullptr && theirs.type != nullptr);
    auto const difference = compare_types(ours.set, theirs.set, "M");
    ASSERT_TRUE(difference) << difference.error().what();
    auto const text = difference->text();
    auto const back = compare_types(theirs.set, ours.set, "M").value();
    EXPECT_EQ(worst_of(back), worst_of(*difference)) << "the other way round: " << back.text();
    using Expected = test::TypeChange::Expected;
    EXPECT_EQ(difference->changes.empty(), change.expected == Expected::equal) << text;
    auto const wanted = change.expected == Expected::refused ? Verdict::refused
                        : change.expected == Expected::lossy ? Verdict::lossy
                                                             : Verdict::readable;
    EXPECT_EQ(worst_of(*difference), wanted) << text;

    auto const there = garbled(ours, theirs), back_again = garbled(theirs, ours);
    if (wanted == Verdict::readable) {
        EXPECT_EQ(there + back_again, "") << "called readable";
    } else if (!change.by_meaning) {
        EXPECT_NE(there + back_again, "") << "called " << text << ", and nothing is lost";
    }
}

INSTANTIATE_TEST_SUITE_P(All, TypeChange, testing::ValuesIn(test::type_changes()), [](auto const& info) { return info.param.name; });

TEST(TypeChanges, AreSixtyOrMore) { EXPECT_GE(test::type_changes().size(), 60U); }

// ---- sets that anybody may have written ---------------------------------------------------------------------------------------

pb::FileDescriptorSet ring_of_types(int count) {
    pb::FileDescriptorSet set;
    auto& file = *set.add_file();
    for (int i = 0; i < count; ++i) {
        auto& message = *file.add_message_type();
        message.set_name("M" + std::to_string(i));
        auto& field = *message.add_field();
        field.set_name("n");
        field.set_number(1);
        field.set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
        field.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
        field.set_type_name(".M" + std::to_string((i + 1) % count));
    }
    return set;
}

TEST(TypeComparison, WalksALongRingOfTypesWithoutRecursion) {
    auto const ours = ring_of_types(4000);
    auto theirs = ours;
    theirs.mutable_file(0)->mutable_message_type(3999)->mutable_field(0)->set_name("m");
    auto const difference = compare_types(ours.SerializeAsString(), theirs.SerializeAsString(), "M0").value();
    ASSERT_EQ(difference.changes.size(), 1U);
    EXPECT_LT(difference.changes[0].field.size(), 256U) << "the innermost part of a long way";
}

TEST(TypeComparison, GivesUpWhereThereAreMorePairsOfTypesThanAnyProgramHas) {
    auto const difference = compare_types(ring_of_types(211).SerializeAsString(), ring_of_types(223).SerializeAsString(), "M0");
    ASSERT_FALSE(difference) << "two rings of different lengths pair everything with everything";
    EXPECT_EQ(difference.error(), Errc::too_large);
}

TEST(TypeComparison, LeavesOutNamesSoLongThatTheyWouldFillTheMemory) {
    pb::FileDescriptorSet set;
    auto& file = *set.add_file();
    auto& outer = *file.add_message_type();
    outer.set_name(std::string(50'000, 'x'));
    for (int i = 0; i < 5000; ++i) outer.add_nested_type()->set_name("n" + std::to_string(i));
    file.add_message_type()->set_name("M");
    TypeTables const tables(set);
    EXPECT_NE(tables.message(".M"), nullptr);
    EXPECT_EQ(tables.message("." + outer.name()), nullptr);
    EXPECT_EQ(tables.message("." + outer.name() + ".n0"), nullptr);
}

TEST(TypeComparison, GivesUpWhereTypesAreLargeInEveryPair) {
    constexpr int kFields = 1500;
    pb::FileDescriptorSet ours, theirs;
    auto& values = *ours.add_file()->add_enum_type();
    values.set_name("E");
    for (int i = 0; i < 2 * kFields; ++i) {
        auto& value = *values.add_value();
        value.set_name("v" + std::to_string(i));
        value.set_number(i);
    }
    theirs.add_file();
    for (auto* const set : {&ours, &theirs}) {
        auto& message = *set->mutable_file(0)->add_message_type();
        message.set_name("M");
        for (int i = 0; i < kFields; ++i) {
            auto& field = *message.add_field();
            field.set_name("f" + std::to_string(i));
            field.set_number(i + 1);
            field.set_type(pb::FieldDescriptorProto::TYPE_ENUM);
            field.set_type_name(set == &ours ? ".E" : ".e" + std::to_string(i));
            if (set == &theirs) theirs.mutable_file(0)->add_enum_type()->set_name("e" + std::to_string(i));
        }
    }
    EXPECT_EQ(compare_types(ours.SerializeAsString(), theirs.SerializeAsString(), "M").error(), Errc::too_large);
}

TEST(TypeComparison, SaysNothingThatIsNotPrintable) {
    pb::LogSilencer const silent;
    auto theirs = ring_of_types(1);
    auto& field = *theirs.mutable_file(0)->mutable_message_type(0)->mutable_field(0);
    field.set_name("x\xFF\x1B[2J");
    field.set_type(pb::FieldDescriptorProto::TYPE_DOUBLE);
    field.clear_type_name();
    auto const difference = compare_types(ring_of_types(1).SerializeAsString(), theirs.SerializeAsString(), "M0").value();
    ASSERT_EQ(difference.changes.size(), 1U);
    EXPECT_EQ(difference.changes[0].theirs, "double x??[2J = 1");
}

TEST(TypeComparison, TakesAnEnumForClosedWhereTheFieldsFileIsProto2) {
    pb::FileDescriptorSet older;
    auto& enums = *older.add_file();
    enums.set_syntax("proto3");
    auto& type = *enums.add_enum_type();
    type.set_name("E");
    type.add_value()->set_name("V0");
    auto& message = *older.add_file()->add_message_type();
    message.set_name("M");
    auto& field = *message.add_field();
    field.set_name("e");
    field.set_number(1);
    field.set_type(pb::FieldDescriptorProto::TYPE_ENUM);
    field.set_type_name(".E");
    auto newer = older;
    auto& added = *newer.mutable_file(0)->mutable_enum_type(0)->add_value();
    added.set_name("V1");
    added.set_number(1);
    EXPECT_EQ(worst_of(compare_types(older.SerializeAsString(), newer.SerializeAsString(), "M").value()), Verdict::lossy);
    older.mutable_file(1)->set_syntax("proto3");
    newer.mutable_file(1)->set_syntax("proto3");
    EXPECT_EQ(worst_of(compare_types(older.SerializeAsString(), newer.SerializeAsString(), "M").value()), Verdict::readable);
}

TEST(TypeComparison, NamesWhatASetLacks) {
    auto torn = ring_of_types(3);
    torn.mutable_file(0)->mutable_message_type()->RemoveLast();
    auto const lacking = compare_types(ring_of_types(3).SerializeAsString(), torn.SerializeAsString(), "M0");
    ASSERT_FALSE(lacking);
    EXPECT_EQ(lacking.error(), Errc::invalid);
    EXPECT_NE(lacking.error().what().find("M2"), std::string::npos) << lacking.error().what();
    EXPECT_EQ(compare_types("\xFF\xFF", torn.SerializeAsString(), "M0").error(), Errc::invalid);
    auto vague = ring_of_types(2);
    vague.mutable_file(0)->mutable_message_type(0)->mutable_field(0)->clear_type();
    EXPECT_EQ(compare_types(ring_of_types(2).SerializeAsString(), vague.SerializeAsString(), "M0").error(), Errc::invalid);
}

TEST(TypeComparison, KeepsTheWorstOfManyChanges) {
    pb::FileDescriptorSet ours, theirs;
    for (auto* const set : {&ours, &theirs}) {
        auto& message = *set->add_file()->add_message_type();
        message.set_name("M");
        for (int i = 1; i <= 100; ++i) {
            auto& field = *message.add_field();
            field.set_name((set == &ours ? "a" : "b") + std::to_string(i));
            field.set_number(i);
            field.set_type(set == &ours || i != 100 ? pb::FieldDescriptorProto::TYPE_INT32 : pb::FieldDescriptorProto::TYPE_STRING);
        }
    }
    auto const difference = compare_types(ours.SerializeAsString(), theirs.SerializeAsString(), "M").value();
    EXPECT_EQ(difference.changes.size(), kMaxChanges);
    EXPECT_EQ(worst_of(difference), Verdict::refused);
}

}  // namespace
}  // namespace bus::wire
