//! Functions and events as people write them, and the paths to what they hold.

use alloy_dyn_abi::{DynSolType, Specifier};
use alloy_json_abi::{Event, Function};
use watchkeeper_sdk::{serde::Deserialize, serde_json::Value};

/// A function with what it returns.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "watchkeeper_sdk::serde", try_from = "String")]
pub(crate) struct FunctionSignature {
    pub(crate) function: Function,
    pub(crate) inputs: Vec<DynSolType>,
    pub(crate) outputs: Vec<DynSolType>,
}

/// An event with its arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "watchkeeper_sdk::serde", try_from = "String")]
pub(crate) struct EventSignature {
    pub(crate) event: Event,
    /// Of each argument, in order.
    pub(crate) arguments: Vec<Argument>,
}

/// An argument of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) of_type: DynSolType,
    pub(crate) indexed: bool,
}

/// `r0`, `0`, `prices.2`, `owners.length`: its parts, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(crate = "watchkeeper_sdk::serde", try_from = "Value")]
pub(crate) struct Path(pub(crate) Vec<String>);

impl TryFrom<String> for FunctionSignature {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let function =
            Function::parse(text.trim()).map_err(|error| unreadable("function", &text, &error.to_string()))?;
        if function.outputs.is_empty() {
            return Err(format!("`{text}` returns nothing: add `returns (…)` with the types of all that it returns"));
        }
        let types = |parameters: &[alloy_json_abi::Param]| -> Result<Vec<DynSolType>, String> {
            parameters.iter().map(|parameter| resolve(parameter, &parameter.ty)).collect()
        };
        let (inputs, outputs) = (types(&function.inputs)?, types(&function.outputs)?);
        Ok(Self { function, inputs, outputs })
    }
}

impl TryFrom<String> for EventSignature {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let event = Event::parse(text.trim()).map_err(|error| unreadable("event", &text, &error.to_string()))?;
        if event.anonymous {
            return Err(format!("`{text}` is anonymous: such events have no signature to find them by"));
        }
        if event.inputs.iter().filter(|input| input.indexed).count() > 3 {
            return Err(format!("`{text}` has more than 3 indexed arguments"));
        }
        let argument = |input: &alloy_json_abi::EventParam| -> Result<Argument, String> {
            let of_type = resolve(input, &input.ty)?;
            Ok(Argument { name: input.name.clone(), of_type, indexed: input.indexed })
        };
        let arguments = event.inputs.iter().map(argument).collect::<Result<_, String>>()?;
        Ok(Self { event, arguments })
    }
}

impl TryFrom<Value> for Path {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = match value {
            Value::String(text) => text,
            Value::Number(place) => place.to_string(),
            other => return Err(format!("`{other}` is neither a name nor a place")),
        };
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(format!("`{text}` is not a name or place, with places after dots"));
        }
        Ok(Self(parts))
    }
}

fn resolve(parameter: &impl Specifier<DynSolType>, written: &str) -> Result<DynSolType, String> {
    parameter.resolve().map_err(|_| format!("`{written}` is not a type of Solidity's ABI"))
}

fn unreadable(what: &str, text: &str, why: &str) -> String {
    let example = match what {
        "event" => "Transfer(address indexed from, address indexed to, uint256 value)",
        _ => "balanceOf(address owner) returns (uint256 balance)",
    };
    let why = why.lines().last().unwrap_or_default();
    format!("`{text}` is not the signature of {} {what}, such as `{example}`: {why}", article(what))
}

fn article(what: &str) -> &'static str {
    if what.starts_with('e') { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(text: &str) -> Result<FunctionSignature, String> {
        FunctionSignature::try_from(text.to_owned())
    }

    fn event(text: &str) -> Result<EventSignature, String> {
        EventSignature::try_from(text.to_owned())
    }

    #[test]
    fn functions_are_read_as_solidity_and_people_write_them() {
        for text in [
            "getReserves() returns (uint112 r0, uint112 r1, uint32)",
            "getReserves()(uint112 r0, uint112 r1, uint32)",
            "function getReserves() external view returns (uint112 r0, uint112 r1, uint32 at)",
            " getReserves() view  returns ( uint112 r0,  uint112 r1, uint32) ",
        ] {
            let read = function(text).unwrap_or_else(|problem| panic!("{problem}"));
            assert_eq!(read.function.selector(), [0x09, 0x02, 0xf1, 0xac], "{text}");
            assert_eq!(read.outputs, [DynSolType::Uint(112), DynSolType::Uint(112), DynSolType::Uint(32)]);
        }
        let nested = function("f(uint, (address, bool)[2] orders) returns (string)").unwrap();
        assert_eq!(nested.function.signature(), "f(uint256,(address,bool)[2])");
    }

    #[test]
    fn what_is_no_function_is_told_so() {
        for (text, why) in [
            ("", "is not the signature of a function"),
            ("getReserves", "is not the signature of a function"),
            ("getReserves(", "is not the signature of a function"),
            ("0x0902f1ac", "is not the signature of a function"),
            ("getReserves()", "add `returns"),
            ("f(uint257) returns (bool)", "`uint257` is not a type"),
            ("f() returns (Order)", "`Order` is not a type"),
            ("f() returns (()[])", "`tuple[]` is not a type"),
        ] {
            let problem = function(text).unwrap_err();
            assert!(problem.contains(why), "{text}: {problem}");
        }
    }

    #[test]
    fn events_are_read_with_what_is_indexed() {
        let read = event("event Transfer(address indexed from, address indexed to, uint256 value)").unwrap();
        let hash = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
        assert_eq!(read.event.selector().to_string(), hash);
        let indexed: Vec<_> =
            read.arguments.iter().map(|argument| (argument.name.as_str(), argument.indexed)).collect();
        assert_eq!(indexed, [("from", true), ("to", true), ("value", false)]);
        for (text, why) in [
            ("Transfer", "is not the signature of an event"),
            ("Note(uint256) anonymous", "is anonymous"),
            ("Note(bool indexed a, bool indexed b, bool indexed c, bool indexed d)", "more than 3"),
            ("Note(Order order)", "`Order` is not a type"),
        ] {
            let problem = event(text).unwrap_err();
            assert!(problem.contains(why), "{text}: {problem}");
        }
    }

    #[test]
    fn a_path_is_a_name_or_a_place_and_what_follows() {
        let path = |value: Value| Path::try_from(value).map(|path| path.0.join("/"));
        assert_eq!(path("r0".into()), Ok("r0".into()));
        assert_eq!(path(2.into()), Ok("2".into()));
        assert_eq!(path("prices.2.0".into()), Ok("prices/2/0".into()));
        assert!(path("".into()).is_err() && path("a..b".into()).is_err() && path(true.into()).is_err());
    }
}
