//! Field numbers of `descriptor.proto`, for those who read a serialized file.

pub(super) const FILE_NAME: u32 = 1;
pub(super) const FILE_PACKAGE: u32 = 2;
pub(super) const FILE_IMPORT: u32 = 3;
pub(super) const FILE_MESSAGE: u32 = 4;
pub(super) const FILE_ENUM: u32 = 5;
pub(super) const FILE_SERVICE: u32 = 6;
pub(super) const FILE_EXTENSION: u32 = 7;
pub(super) const FILE_OPTIONS: u32 = 8;
pub(super) const FILE_PUBLIC_IMPORT: u32 = 10;
pub(super) const FILE_SYNTAX: u32 = 12;
pub(super) const FILE_EDITION: u32 = 14;
pub(super) const FILE_DEPRECATED: u32 = 23;
pub(super) const FILE_FEATURES: u32 = 50;

/// The name of whatever has one, but for files.
pub(super) const NAME: u32 = 1;

pub(super) const MESSAGE_FIELD: u32 = 2;
pub(super) const MESSAGE_MESSAGE: u32 = 3;
pub(super) const MESSAGE_ENUM: u32 = 4;
pub(super) const MESSAGE_EXTENSION_RANGE: u32 = 5;
pub(super) const MESSAGE_EXTENSION: u32 = 6;
pub(super) const MESSAGE_OPTIONS: u32 = 7;
pub(super) const MESSAGE_ONEOF: u32 = 8;
pub(super) const MESSAGE_RESERVED_RANGE: u32 = 9;
pub(super) const MESSAGE_RESERVED_NAME: u32 = 10;
pub(super) const MESSAGE_SET_WIRE_FORMAT: u32 = 1;
pub(super) const MESSAGE_DEPRECATED: u32 = 3;
pub(super) const MESSAGE_MAP_ENTRY: u32 = 7;
pub(super) const MESSAGE_FEATURES: u32 = 12;

/// The first number of a range, and the end, which is the last number in enums and the one behind it in messages.
pub(super) const RANGE_START: u32 = 1;
pub(super) const RANGE_END: u32 = 2;

pub(super) const FIELD_EXTENDEE: u32 = 2;
pub(super) const FIELD_NUMBER: u32 = 3;
pub(super) const FIELD_LABEL: u32 = 4;
pub(super) const FIELD_TYPE: u32 = 5;
pub(super) const FIELD_TYPE_NAME: u32 = 6;
pub(super) const FIELD_DEFAULT: u32 = 7;
pub(super) const FIELD_OPTIONS: u32 = 8;
pub(super) const FIELD_ONEOF_INDEX: u32 = 9;
pub(super) const FIELD_JSON_NAME: u32 = 10;
pub(super) const FIELD_PROTO3_OPTIONAL: u32 = 17;
pub(super) const FIELD_PACKED: u32 = 2;
pub(super) const FIELD_DEPRECATED: u32 = 3;
pub(super) const FIELD_DEBUG_REDACT: u32 = 16;
pub(super) const FIELD_FEATURES: u32 = 21;

pub(super) const ONEOF_OPTIONS: u32 = 2;
pub(super) const ONEOF_FEATURES: u32 = 1;

pub(super) const ENUM_VALUE: u32 = 2;
pub(super) const ENUM_OPTIONS: u32 = 3;
pub(super) const ENUM_RESERVED_RANGE: u32 = 4;
pub(super) const ENUM_RESERVED_NAME: u32 = 5;
pub(super) const ENUM_ALLOW_ALIAS: u32 = 2;
pub(super) const ENUM_DEPRECATED: u32 = 3;
pub(super) const ENUM_FEATURES: u32 = 7;

pub(super) const ENUM_VALUE_NUMBER: u32 = 2;
pub(super) const ENUM_VALUE_OPTIONS: u32 = 3;
pub(super) const ENUM_VALUE_DEPRECATED: u32 = 1;
pub(super) const ENUM_VALUE_DEBUG_REDACT: u32 = 3;
pub(super) const ENUM_VALUE_FEATURES: u32 = 2;

pub(super) const SERVICE_METHOD: u32 = 2;
pub(super) const SERVICE_OPTIONS: u32 = 3;
pub(super) const SERVICE_DEPRECATED: u32 = 33;
pub(super) const SERVICE_FEATURES: u32 = 34;

pub(super) const METHOD_REQUEST: u32 = 2;
pub(super) const METHOD_RESPONSE: u32 = 3;
pub(super) const METHOD_OPTIONS: u32 = 4;
pub(super) const METHOD_STREAMS_REQUESTS: u32 = 5;
pub(super) const METHOD_STREAMS_RESPONSES: u32 = 6;
pub(super) const METHOD_DEPRECATED: u32 = 33;
pub(super) const METHOD_FEATURES: u32 = 35;

pub(super) const FIELD_PRESENCE: u32 = 1;
pub(super) const ENUM_TYPE: u32 = 2;
pub(super) const REPEATED_FIELD_ENCODING: u32 = 3;
pub(super) const UTF8_VALIDATION: u32 = 4;
pub(super) const MESSAGE_ENCODING: u32 = 5;
pub(super) const JSON_FORMAT: u32 = 6;
pub(super) const ENFORCE_NAMING_STYLE: u32 = 7;
