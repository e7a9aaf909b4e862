//! The attribute `#[message(…)]`.

use syn::{Attribute, LitStr, Type};

/// What `#[message(…)]` says.
#[derive(Default)]
pub(crate) struct Attributes {
    pub(crate) kind: Option<String>,
    pub(crate) reply: Option<Type>,
}

impl Attributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Attributes> {
        let mut found = Attributes::default();
        for attribute in attributes {
            if !attribute.path().is_ident("message") {
                continue;
            }
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("type") {
                    found.kind = Some(meta.value()?.parse::<LitStr>()?.value());
                    Ok(())
                } else if meta.path.is_ident("reply") {
                    let value = meta.value()?;
                    if value.peek(LitStr) {
                        return Err(
                            value.error("write the reply's type without quotes: `reply = EchoOk`")
                        );
                    }
                    found.reply = Some(value.parse()?);
                    Ok(())
                } else {
                    Err(meta.error("`#[message(…)]` takes `type = \"…\"` and `reply = …`"))
                }
            })?;
        }
        Ok(found)
    }
}
