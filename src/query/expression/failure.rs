//! Why an expression has no answer for a call, in plain words.

use cel::ExecutionError;
use cel::common::value::Val;

/// What came of an evaluation that has no answer.
#[derive(Debug, PartialEq)]
pub(super) enum NoAnswer {
    /// It asked for something that does not exist.
    Unknown,
    /// It does not work with these values.
    Failed(String),
}

pub(super) fn of_value(value: &dyn Val) -> NoAnswer {
    NoAnswer::Failed(format!("its value is a {}, not a bool", value.get_type().name()))
}

pub(super) fn of_error(error: &ExecutionError) -> NoAnswer {
    NoAnswer::Failed(match error {
        ExecutionError::UndeclaredReference(_) | ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_) => {
            return NoAnswer::Unknown;
        }
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types();
            let is_access = matches!(overload.function(), "_._" | "_[_]");
            if is_access && types.first().is_some_and(|name| name == "null_type") {
                return NoAnswer::Unknown;
            }
            does_not_work(overload.function(), types)
        }
        ExecutionError::UnexpectedType { got, want } if want == "bool" => format!("a {got} is no condition"),
        ExecutionError::UnexpectedType { got, .. } => format!("a {got} does not fit there"),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            does_not_work(operator, &[left.type_of().to_string(), right.type_of().to_string()])
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number is out of range".to_owned(),
        ExecutionError::FunctionError { function, message } if function == "{}" => message.clone(),
        ExecutionError::FunctionError { function, message } => {
            format!("`{function}`: {}", message.lines().next().unwrap_or_default())
        }
        ExecutionError::ValuesNotComparable(left, right) => {
            format!("a {} can't be compared with a {}", left.type_of(), right.type_of())
        }
        ExecutionError::UnsupportedIndex(..) => "a number with a fraction is no index".to_owned(),
        ExecutionError::InvalidArgumentCount { .. } | ExecutionError::MissingArgumentOrTarget => {
            "a function lacks an argument".to_owned()
        }
        _ => "it does not work with these values".to_owned(),
    })
}

fn does_not_work(function: &str, types: &[String]) -> String {
    let operator = match function {
        "_[_]" => "[]".to_owned(),
        "_._" => "a field".to_owned(),
        "@in" => "in".to_owned(),
        "add" => "+".to_owned(),
        "sub" => "-".to_owned(),
        "mul" => "*".to_owned(),
        "div" => "/".to_owned(),
        "rem" => "%".to_owned(),
        other => other.trim_matches('_').to_owned(),
    };
    match types {
        [one] => format!("`{operator}` does not work on {one}"),
        [left, right] => {
            let has = |name: &str| left == name || right == name;
            let written = match (has("timestamp"), has("duration"), has("string")) {
                (true, false, true) => ": write timestamp(\"…\")",
                (false, true, true) => ": write duration(\"…\")",
                _ => "",
            };
            format!("`{operator}` does not work on {left} and {right}{written}")
        }
        types => format!("`{operator}` does not work on {}", types.join(", ")),
    }
}
