//! The derive macro of `glomers-node`, which re-exports it: use it from there.

mod attributes;
mod fields;
mod name;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, parse_macro_input};

use crate::attributes::Attributes;

/// Makes a struct with named fields a message body.
///
/// The body's `type` is the struct's name in snake case (`EchoOk` becomes
/// `echo_ok`) unless `#[message(type = "…")]` names another. With
/// `#[message(reply = EchoOk)]` the message is a request that is answered by an
/// `EchoOk`. The struct must also derive serde's `Serialize` and `Deserialize`,
/// and `Clone`.
#[proc_macro_derive(Message, attributes(message))]
pub fn derive_message(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, &quote!(::glomers_node))
}

/// The same for crates that depend on `glomers-testing` alone, which re-exports this as
/// `Message`.
#[proc_macro_derive(TestingMessage, attributes(message))]
pub fn derive_testing_message(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, &quote!(::glomers_testing::node))
}

fn derive(input: proc_macro::TokenStream, library: &TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input, library).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// What the macro stands for; `library` is the path of `glomers-node`.
fn expand(input: &DeriveInput, library: &TokenStream) -> syn::Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(
            &input.ident,
            "a message is a struct with named fields: its fields are the fields of the JSON body. \
             Write one struct for each type of message",
        ));
    };
    fields::check(&input.ident, data)?;
    let attributes = Attributes::parse(&input.attrs)?;

    let name = &input.ident;
    let kind = attributes.kind.unwrap_or_else(|| name::snake_case(&name.unraw().to_string()));
    let (for_impl, for_type, bounds) = input.generics.split_for_impl();
    let request = attributes.reply.map(|reply| {
        quote! {
            #[automatically_derived]
            impl #for_impl #library::protocol::Request for #name #for_type #bounds {
                type Reply = #reply;
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #for_impl #library::protocol::Message for #name #for_type #bounds {
            const TYPE: &'static str = #kind;
        }
        #request
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(item: &str) -> String {
        let input = syn::parse_str(item).unwrap();
        expand(&input, &quote!(::glomers_node)).unwrap_err().to_string()
    }

    #[test]
    fn implements_message_and_request() {
        let input =
            syn::parse_str("#[message(type = \"echo!\", reply = Ok2)] struct Echo { a: u8 }")
                .unwrap();
        let code = expand(&input, &quote!(::glomers_node)).unwrap().to_string();
        assert!(code.contains("const TYPE : & 'static str = \"echo!\""));
        assert!(code.contains("type Reply = Ok2"));
    }

    #[test]
    fn says_what_to_write_instead() {
        assert!(error("struct Read;").contains("write `struct Read {}`"));
        assert!(error("struct Read(u8);").contains("write `struct Read { … }`"));
        assert!(error("enum Read { A }").contains("one struct for each type"));
        assert!(error("struct A { msg_id: u8 }").contains("`msg_id`"));
        assert!(error("struct A { r#type: u8 }").contains("`type`"));
        assert!(
            error("struct A { #[serde(rename = \"in_reply_to\")] b: u8 }").contains("reserved")
        );
        assert!(error("#[message(kind = \"a\")] struct A {}").contains("`type = \"…\"`"));
        assert!(error("#[message(reply = \"a b\")] struct A {}").contains("reply"));
    }
}
