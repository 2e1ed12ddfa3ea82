//! `docs/trace.schema.json` holds for what is really answered. Only the words of JSON Schema that it uses
//! are understood here; another fails.

use crate::stage::Stage;
use serde_json::Value;

const SCHEMA: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/trace.schema.json"));

/// What is wrong with a value, and where.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{at}: {what}: {value}"));
    for (word, wanted) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" | "$defs" => {}
            "$ref" => {
                let path = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(path).unwrap(), value, at)?;
            }
            "type" => {
                let is = match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                if !is {
                    return wrong(format!("no {wanted}"));
                }
            }
            "enum" => {
                if !wanted.as_array().unwrap().contains(value) {
                    return wrong(format!("none of {wanted}"));
                }
            }
            "oneOf" => {
                let all = wanted.as_array().unwrap().iter();
                let tried: Vec<_> = all.map(|one| check(root, one, value, at)).collect();
                if tried.iter().filter(|one| one.is_ok()).count() != 1 {
                    return wrong(format!("not one of the kinds: {tried:?}"));
                }
            }
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        return wrong(format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(root, inner, value, &format!("{at}/{name}"))?;
                    }
                }
            }
            "additionalProperties" => {
                assert_eq!(*wanted, Value::Bool(false));
                for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
                    if schema["properties"].get(name).is_none() {
                        return wrong(format!("{name} is not spoken of"));
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, value, &format!("{at}/{index}"))?;
                }
            }
            "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minLength" => {
                let length = match value {
                    Value::Array(all) => all.len(),
                    Value::Object(all) => all.len(),
                    Value::String(text) => text.len(),
                    _ => continue,
                };
                let (length, limit) = (length as u64, wanted.as_u64().unwrap());
                if (word.starts_with("min") && length < limit)
                    || (word.starts_with("max") && length > limit)
                {
                    return wrong(format!("{word} is {limit}"));
                }
            }
            "minimum" | "maximum" => {
                let (Some(number), limit) = (value.as_i64(), wanted.as_i64().unwrap()) else {
                    continue;
                };
                if (word == "minimum" && number < limit) || (word == "maximum" && number > limit) {
                    return wrong(format!("{word} is {limit}"));
                }
            }
            // The patterns are read by eye: they bind a namespace and an address to their characters.
            "pattern" => {
                let text = value.as_str().unwrap_or_default();
                let fits = match wanted.as_str().unwrap() {
                    "^(host|[a-z]+:.+)$" => {
                        text == "host"
                            || text.split_once(':').is_some_and(|(kind, name)| {
                                let letters = kind.bytes().all(|byte| byte.is_ascii_lowercase());
                                !kind.is_empty() && letters && !name.is_empty()
                            })
                    }
                    "^[0-9a-f.:]+$" => text.parse::<std::net::IpAddr>().is_ok(),
                    other => panic!("pattern {other}"),
                };
                if !fits {
                    return wrong(format!("it is not as {wanted}"));
                }
            }
            other => panic!("\"{other}\" is not understood here"),
        }
    }
    Ok(())
}

#[test]
fn what_is_answered_is_what_is_published() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut stage = Stage::new("schema");
    stage.serve(80);
    stage.sh("ip netns exec $r nft 'add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; \
              add rule ip n post oifname right masquerade'
              ip -n $r route add blackhole 10.9.2.9/32");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.json");
    let file = file.display();
    stage.command("snapshot", &format!("-o {file}")).output().unwrap();
    let state = format!("$a $b --state {file}");
    let mut ends = Vec::new();
    for words in [
        "$a $b --port 80",
        "$a $b --proto udp --port 53 --from-port 1053",
        "$a $b --explain",
        "$a $b -6 --one-way --lang zh",
        "$a 10.9.2.9",
        "192.0.2.9 10.9.2.2 --in left@$r",
        "$a 224.0.0.9",
        "$a $b --if \"in $r: delete link right\"",
        &state,
    ] {
        let document = stage.trace(&format!("{words} --json")).document();
        check(&schema, &schema, &document, "").unwrap_or_else(|wrong| panic!("{words}: {wrong}"));
        ends.extend(document["ends"].as_array().unwrap().iter().map(|end| end["is"].clone()));
    }
    for end in ["delivered", "dropped", "unknown"] {
        assert!(ends.contains(&Value::from(end)), "{end} is not among {ends:?}");
    }
    let mut wrong = stage.trace("$a $b --json").document();
    wrong["there"]["hops"][0]["stage"] = "afterwards".into();
    assert!(check(&schema, &schema, &wrong, "").is_err());
}
