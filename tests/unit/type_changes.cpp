// The table.
#include "type_changes.hpp"

namespace bus::test {

namespace {

using enum TypeChange::Expected;

std::string p3(std::string const& fields, std::string const& more = {}) {
    return "syntax = \"proto3\"; message M { " + fields + " } " + more;
}
std::string p2(std::string const& fields, std::string const& more = {}) {
    return "syntax = \"proto2\"; message M { " + fields + " } " + more;
}

std::vector<TypeChange> of_fields() {
    return {
        {equal, "Nothing", p3("int32 a = 1;"), p3("int32 a = 1;")},
        {equal, "Comments", p3("int32 a = 1; // speed"), p3("/* how fast */ int32 a = 1;")},
        {equal, "OrderOfFields", p3("int32 a = 1; string b = 2;"), p3("string b = 2; int32 a = 1;")},
        {equal, "NumbersReserved", p3("int32 a = 1;"), p3("int32 a = 1; reserved 2, 5 to 9; reserved \"old\";")},
        {equal, "OptionsThatAreNotBytes", p3("int32 a = 1;"), p3("int32 a = 1 [deprecated = true, json_name = \"speed\"];")},
        {equal, "AnUnrelatedTypeBesides", p3("int32 a = 1;"), p3("int32 a = 1;", "message Other { int32 x = 1; }")},
        {equal, "PackageOptions", p3("int32 a = 1;"), "syntax = \"proto3\"; option java_package = \"x\"; message M { int32 a = 1; }"},
        {readable, "FieldAdded", p3("int32 a = 1;"), p3("int32 a = 1; double b = 2;")},
        {readable, "FieldRemoved", p3("int32 a = 1; string b = 2;"), p3("int32 a = 1;")},
        {readable, "FieldRemovedAndItsNumberReserved", p3("int32 a = 1; string b = 2;"), p3("int32 a = 1; reserved 2;")},
        {readable, "RepeatedFieldAdded", p3("int32 a = 1;"), p3("int32 a = 1; repeated int64 b = 2;")},
        {readable, "MessageFieldAdded", p3("int32 a = 1;"), p3("int32 a = 1; N b = 2;", "message N { int32 x = 1; }")},
        {readable, "MapAdded", p3("int32 a = 1;"), p3("int32 a = 1; map<string, int32> b = 2;")},
        {readable, "FieldRenamed", p3("int32 a = 1;"), p3("int32 velocity = 1;")},
        {refused, "FieldRenumbered", p3("int32 a = 1;"), p3("int32 a = 2;"), true},
        {refused, "NumbersSwapped", p3("int32 a = 1; int32 b = 2;"), p3("int32 b = 1; int32 a = 2;"), true},
        {refused, "NumberUsedAgainForAnotherType", p3("int32 a = 1; string b = 2;"), p3("int32 a = 1; double c = 2;")},
        {readable, "AllFieldsGone", p3("int32 a = 1;"), p3("")},
        {readable, "FieldMadeOptional", p3("int32 a = 1;"), p3("optional int32 a = 1;")},
        {readable, "StringMadeOptional", p3("string a = 1;"), p3("optional string a = 1;")},
        {lossy, "FieldMadeRepeated", p3("int32 a = 1;"), p3("repeated int32 a = 1;")},
        {lossy, "StringMadeRepeated", p3("string a = 1;"), p3("repeated string a = 1;")},
        {lossy, "MessageMadeRepeated", p3("N a = 1;", "message N { int32 x = 1; }"), p3("repeated N a = 1;", "message N { int32 x = 1; }")},
        {equal, "PackedNoMore", p3("repeated int32 a = 1;"), p3("repeated int32 a = 1 [packed = false];")},
        {equal, "PackedInProto2", p2("repeated int32 a = 1;"), p2("repeated int32 a = 1 [packed = true];")},
    };
}

std::vector<TypeChange> of_types() {
    return {
        {lossy, "Int32ToInt64", p3("int32 a = 1;"), p3("int64 a = 1;")},
        {lossy, "Int32ToUint32", p3("int32 a = 1;"), p3("uint32 a = 1;")},
        {lossy, "Uint32ToUint64", p3("uint32 a = 1;"), p3("uint64 a = 1;")},
        {lossy, "Int64ToUint64", p3("int64 a = 1;"), p3("uint64 a = 1;")},
        {lossy, "Int32ToBool", p3("int32 a = 1;"), p3("bool a = 1;")},
        {lossy, "Sint32ToSint64", p3("sint32 a = 1;"), p3("sint64 a = 1;")},
        {refused, "Int32ToSint32", p3("int32 a = 1;"), p3("sint32 a = 1;")},
        {refused, "Int64ToSint64", p3("int64 a = 1;"), p3("sint64 a = 1;")},
        {lossy, "Fixed32ToSfixed32", p3("fixed32 a = 1;"), p3("sfixed32 a = 1;")},
        {lossy, "Fixed64ToSfixed64", p3("fixed64 a = 1;"), p3("sfixed64 a = 1;")},
        {lossy, "Fixed32ToFloat", p3("fixed32 a = 1;"), p3("float a = 1;")},
        {lossy, "Fixed64ToDouble", p3("fixed64 a = 1;"), p3("double a = 1;")},
        {refused, "FloatToDouble", p3("float a = 1;"), p3("double a = 1;")},
        {refused, "Int32ToFixed32", p3("int32 a = 1;"), p3("fixed32 a = 1;")},
        {refused, "Int32ToFloat", p3("int32 a = 1;"), p3("float a = 1;")},
        {refused, "Int32ToString", p3("int32 a = 1;"), p3("string a = 1;")},
        {refused, "DoubleToString", p3("double a = 1;"), p3("string a = 1;")},
        {lossy, "StringToBytes", p3("string a = 1;"), p3("bytes a = 1;")},
        {refused, "StringToMessage", p3("string a = 1;"), p3("N a = 1;", "message N { int32 x = 1; }")},
        {refused, "BytesToMessage", p3("bytes a = 1;"), p3("N a = 1;", "message N { int32 x = 1; }")},
        {refused, "MessageToInt", p3("N a = 1;", "message N { int32 x = 1; }"), p3("int32 a = 1;")},
        {refused, "RepeatedIntToRepeatedString", p3("repeated int32 a = 1;"), p3("repeated string a = 1;")},
        {refused, "MessageToGroup", p2("optional A a = 1; message A { optional int32 x = 1; }"),
         p2("optional group A = 1 { optional int32 x = 1; }")},
    };
}

std::vector<TypeChange> of_enums() {
    auto const with = [](std::string const& values) { return p3("E a = 1;", "enum E { " + values + " }"); };
    auto const closed = [](std::string const& values) { return p2("optional E a = 1;", "enum E { " + values + " }"); };
    return {
        {equal, "EnumAsItWas", with("NONE = 0; FAST = 1;"), with("NONE = 0; FAST = 1;")},
        {readable, "EnumValueAdded", with("NONE = 0;"), with("NONE = 0; FAST = 1;")},
        {readable, "EnumValueRemoved", with("NONE = 0; FAST = 1; SLOW = 2;"), with("NONE = 0; FAST = 1;")},
        {readable, "EnumValueRenamed", with("NONE = 0; FAST = 1;"), with("NONE = 0; QUICK = 1;")},
        {refused, "EnumValueRenumbered", with("NONE = 0; FAST = 1;"), with("NONE = 0; FAST = 2;"), true},
        {refused, "EnumValuesSwapped", with("NONE = 0; FAST = 1; SLOW = 2;"), with("NONE = 0; SLOW = 1; FAST = 2;"), true},
        {lossy, "ClosedEnumValueAdded", closed("NONE = 0;"), closed("NONE = 0; FAST = 1;")},
        {readable, "ClosedEnumValueRenamed", closed("NONE = 0; FAST = 1;"), closed("NONE = 0; QUICK = 1;")},
        {lossy, "ClosedEnumsFirstValueChanged", closed("A = 1; B = 2;"), closed("B = 2; A = 1;")},
        {lossy, "EnumOpened", closed("NONE = 0; FAST = 1;"), with("NONE = 0; FAST = 1;")},
        {lossy, "EnumToInt32", with("NONE = 0; FAST = 1;"), p3("int32 a = 1;"), true},
        {refused, "EnumToString", with("NONE = 0; FAST = 1;"), p3("string a = 1;")},
        {readable, "EnumOfAnotherName", with("NONE = 0; FAST = 1;"), p3("F a = 1;", "enum F { NONE = 0; FAST = 1; SLOW = 2; }")},
        {lossy, "RepeatedClosedEnumValueAdded", p2("repeated E a = 1;", "enum E { NONE = 0; }"),
         p2("repeated E a = 1;", "enum E { NONE = 0; FAST = 1; }")},
    };
}

std::vector<TypeChange> of_oneofs_and_maps() {
    return {
        {readable, "FieldAddedToAOneof", p3("oneof o { int32 a = 1; }"), p3("oneof o { int32 a = 1; string b = 2; }")},
        {readable, "OneofRemovedWithItsFields", p3("int32 z = 9; oneof o { int32 a = 1; string b = 2; }"), p3("int32 z = 9;")},
        {readable, "FieldMovedIntoANewOneof", p3("int32 a = 1;"), p3("oneof o { int32 a = 1; string b = 2; }")},
        {lossy, "TwoFieldsMovedIntoAOneof", p3("int32 a = 1; string b = 2;"), p3("oneof o { int32 a = 1; string b = 2; }")},
        {lossy, "OneofTakenApart", p3("oneof o { int32 a = 1; string b = 2; int32 c = 3; }"),
         p3("oneof o { int32 a = 1; string b = 2; } int32 c = 3;")},
        {lossy, "OneofSplit", p3("oneof o { int32 a = 1; string b = 2; int32 c = 3; int32 d = 4; }"),
         p3("oneof o { int32 a = 1; string b = 2; } oneof q { int32 c = 3; int32 d = 4; }")},
        {equal, "OneofRenamed", p3("oneof o { int32 a = 1; string b = 2; }"), p3("oneof q { int32 a = 1; string b = 2; }")},
        {refused, "TypeChangedInAOneof", p3("oneof o { string b = 2; int32 a = 1; }"), p3("oneof o { string b = 2; double a = 1; }")},
        {equal, "MapAsItWas", p3("map<string, int32> a = 1;"), p3("map<string, int32> a = 1;")},
        {readable, "MapRenamed", p3("map<string, int32> a = 1;"), p3("map<string, int32> b = 1;")},
        {refused, "MapsKeyChanged", p3("map<string, int32> a = 1;"), p3("map<int32, int32> a = 1;")},
        {lossy, "MapsKeyWidened", p3("map<int32, int32> a = 1;"), p3("map<int64, int32> a = 1;")},
        {refused, "MapsValueChanged", p3("map<string, int32> a = 1;"), p3("map<string, string> a = 1;")},
        {readable, "FieldAddedToAMapsValue", p3("map<string, N> a = 1;", "message N { int32 x = 1; }"),
         p3("map<string, N> a = 1;", "message N { int32 x = 1; int32 y = 2; }")},
        {lossy, "MapToItsEntries", p3("map<string, int32> a = 1;"),
         p3("repeated N a = 1;", "message N { string key = 1; int32 value = 2; }"), true},
    };
}

std::vector<TypeChange> of_nested_types() {
    auto const with = [](std::string const& fields) { return p3("N n = 1;", "message N { " + fields + " }"); };
    return {
        {equal, "NestedTypeMovedOutAsItWas", with("int32 x = 1;"), with("int32 x = 1;")},
        {readable, "NestedFieldAdded", with("int32 x = 1;"), with("int32 x = 1; int32 y = 2;")},
        {refused, "NestedFieldRetyped", with("int32 x = 1;"), with("string x = 1;")},
        {lossy, "NestedFieldCut", with("int64 x = 1;"), with("int32 x = 1;")},
        {readable, "NestedTypeRenamed", p3("N n = 1;", "message N { int32 x = 1; }"), p3("Other m = 1;", "message Other { int32 x = 1; }")},
        {refused, "RepeatedNestedFieldRetyped", p3("repeated N n = 1;", "message N { float x = 1; }"),
         p3("repeated N n = 1;", "message N { double x = 1; }")},
        {refused, "TwoLevelsDown", p3("A a = 1;", "message A { B b = 1; } message B { int32 x = 1; }"),
         p3("A a = 1;", "message A { B b = 1; } message B { bytes x = 1; }")},
        {readable, "RecursiveFieldAdded", p3("M child = 1; int32 x = 2;"), p3("M child = 1; int32 x = 2; int32 y = 3;")},
        {refused, "RecursiveFieldRetyped", p3("M child = 1; int32 x = 2;"), p3("M child = 1; fixed64 x = 2;")},
        {refused, "MutuallyRecursiveFieldRetyped", p3("A a = 1;", "message A { B b = 1; } message B { A a = 1; int32 x = 2; }"),
         p3("A a = 1;", "message A { B b = 1; } message B { A a = 1; string x = 2; }")},
        {refused, "AnotherNestedTypeOfOtherFields", p3("A a = 1;", "message A { int32 x = 1; }"),
         p3("B a = 1;", "message B { string x = 1; }")},
    };
}

std::vector<TypeChange> of_proto2() {
    return {
        {refused, "RequiredFieldAdded", p2("optional int32 a = 1;"), p2("optional int32 a = 1; required int32 b = 2;")},
        {refused, "OptionalMadeRequired", p2("optional int32 a = 1;"), p2("required int32 a = 1;")},
        {equal, "RequiredStays", p2("required int32 a = 1;"), p2("required int32 a = 1;")},
        {readable, "OptionalAddedBesideRequired", p2("required int32 a = 1;"), p2("required int32 a = 1; optional int32 b = 2;")},
        {lossy, "DefaultChanged", p2("optional int32 a = 1 [default = 5];"), p2("optional int32 a = 1 [default = 6];")},
        {lossy, "DefaultGiven", p2("optional int32 a = 1;"), p2("optional int32 a = 1 [default = 6];")},
        {refused, "RequiredFieldDeepInside", p2("optional N n = 1;", "message N { optional int32 x = 1; }"),
         p2("optional N n = 1;", "message N { optional int32 x = 1; required int32 y = 2; }")},
        {lossy, "StringOfProto2ToProto3", p2("optional string a = 1;"), p3("string a = 1;"), true},
        {readable, "BytesOfProto2ToProto3", p2("optional bytes a = 1;"), p3("optional bytes a = 1;")},
        {equal, "ExtensionRange", p2("optional int32 a = 1;"), p2("optional int32 a = 1; extensions 100 to 199;")},
    };
}

}  // namespace

std::vector<TypeChange> const& type_changes() {
    static auto const all = [] {
        std::vector<TypeChange> changes;
        for (auto const& part : {of_fields(), of_types(), of_enums(), of_oneofs_and_maps(), of_nested_types(), of_proto2()})
            changes.insert(changes.end(), part.begin(), part.end());
        return changes;
    }();
    return all;
}

}  // namespace bus::test
