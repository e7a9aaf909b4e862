//! Which structs can be messages, and which fields they may have.

use syn::ext::IdentExt;
use syn::{DataStruct, Field, Fields, Ident, LitStr};

/// The keys of a body that are not the message's own.
const RESERVED: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// Refuses structs that are no JSON object, and fields with reserved names.
pub(crate) fn check(name: &Ident, data: &DataStruct) -> syn::Result<()> {
    let fields = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => {
            return Err(syn::Error::new_spanned(
                name,
                format!("a message is a JSON object, so write `struct {name} {{}}`"),
            ));
        }
        Fields::Unnamed(_) => {
            return Err(syn::Error::new_spanned(
                name,
                format!(
                    "the fields of a message need names, as they are the fields of the JSON body: \
                     write `struct {name} {{ … }}`"
                ),
            ));
        }
    };
    for field in fields {
        let key = key(field);
        if RESERVED.contains(&key.as_str()) {
            return Err(syn::Error::new_spanned(
                field,
                format!(
                    "the field `{key}` is reserved: `type`, `msg_id` and `in_reply_to` are written \
                     and read by the library. For another type name use `#[message(type = \"…\")]`"
                ),
            ));
        }
    }
    Ok(())
}

/// The field's name in JSON, as far as this attribute of serde tells.
fn key(field: &Field) -> String {
    let mut key = field.ident.as_ref().map(|name| name.unraw().to_string()).unwrap_or_default();
    for attribute in &field.attrs {
        if !attribute.path().is_ident("serde") {
            continue;
        }
        // What serde does not understand, serde will say.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") && meta.input.peek(syn::Token![=]) {
                key = meta.value()?.parse::<LitStr>()?.value();
            }
            Ok(())
        });
    }
    key
}
