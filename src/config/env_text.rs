//! The text of an environment variable as the value of a setting.
//!
//! A list is separated by commas; `true` and `false` are the only truth values; numbers are
//! plain digits. What the text means is decided by the type of the setting.

use serde::{
    de::{
        Deserializer, Error as _, IntoDeserializer, Visitor,
        value::{Error, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// Deserializes one variable's text.
pub(super) struct EnvText(pub(super) String);

impl IntoDeserializer<'_, Error> for EnvText {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl EnvText {
    fn number<T: std::str::FromStr>(&self) -> Result<T, Error> {
        let text = self.0.trim();
        text.parse()
            .map_err(|_| Error::custom(format!("{text:?} is not a whole number in its range")))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident),+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number()?)
        })+
    };
}

impl<'de> Deserializer<'de> for EnvText {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.trim() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            other => Err(Error::custom(format!(
                "{other:?} is neither \"true\" nor \"false\""
            ))),
        }
    }

    numbers!(
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64
    );

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = self.0.split(',').map(|item| Self(item.trim().to_owned()));
        visitor.visit_seq(SeqDeserializer::new(items))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        T::deserialize(EnvText(text.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_the_type_asks_for() {
        assert_eq!(read::<bool>("true"), Ok(true));
        assert_eq!(read::<u32>(" 15 "), Ok(15));
        assert_eq!(read::<Option<u8>>("7"), Ok(Some(7)));
        assert_eq!(
            read::<Vec<String>>("a, b"),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(read::<String>("a, b"), Ok("a, b".to_owned()));
    }

    #[test]
    fn refuses_near_misses() {
        assert_eq!(
            read::<bool>("yes").unwrap_err(),
            "\"yes\" is neither \"true\" nor \"false\""
        );
        assert!(
            read::<u8>("256")
                .unwrap_err()
                .contains("not a whole number")
        );
        assert!(
            read::<u32>("1.5")
                .unwrap_err()
                .contains("not a whole number")
        );
    }
}
