use super::*;

fn read(raw: &[u8]) -> Result<String, PathError> {
    OriginalPath::read(raw).map(|path| path.0)
}

#[test]
fn paths_of_one_meaning_are_decoded_once() {
    let cases: [(&[u8], &str); 13] = [
        (b"/", "/"),
        (b"/a", "/a"),
        (b"/a/", "/a/"),
        (b"/a/b.html", "/a/b.html"),
        (b"/...", "/..."),
        (b"/.hidden/..x/y..", "/.hidden/..x/y.."),
        (b"/%61dmin", "/admin"),
        (b"/caf%C3%A9", "/café"),
        ("/café".as_bytes(), "/café"),
        (b"/a%20b+c", "/a b+c"),
        (b"/100%25", "/100%"),
        (b"/100%25%20z", "/100% z"),
        (b"/~a/@b:c,d=e&f!$'()*", "/~a/@b:c,d=e&f!$'()*"),
    ];
    for (raw, path) in cases {
        assert_eq!(read(raw).as_deref(), Ok(path));
    }
}

#[test]
fn paths_of_two_meanings_are_refused() {
    use PathError as E;
    let cases: [(&[u8], E); 44] = [
        (b"", E::Relative),
        (b"*", E::Relative),
        (b"a/b", E::Relative),
        (b"http://a/b", E::Relative),
        (b"%2fa", E::Relative),
        (b"/.", E::DotSegment),
        (b"/..", E::DotSegment),
        (b"/a/../b", E::DotSegment),
        (b"/a/./b", E::DotSegment),
        (b"/a/..", E::DotSegment),
        (b"/../a", E::DotSegment),
        (b"//", E::EmptySegment),
        (b"//a", E::EmptySegment),
        (b"/a//b", E::EmptySegment),
        (b"/a///", E::EmptySegment),
        (b"/a%2fb", E::EncodedDelimiter),
        (b"/a%2Fb", E::EncodedDelimiter),
        (b"/%2e%2e/b", E::EncodedDelimiter),
        (b"/a/%2E", E::EncodedDelimiter),
        (b"/.%2e/b", E::EncodedDelimiter),
        (b"/a%5cb", E::EncodedDelimiter),
        (b"/a%5Cb", E::EncodedDelimiter),
        (b"/a%3bb", E::EncodedDelimiter),
        (b"/a%252fb", E::EncodedTwice),
        (b"/a%252e%252e/b", E::EncodedTwice),
        (b"/%25%32%65", E::EncodedTwice),
        (b"/%25252e", E::EncodedTwice),
        (b"/a%", E::Encoding),
        (b"/a%2", E::Encoding),
        (b"/a%zz", E::Encoding),
        (b"/a%u002e", E::Encoding),
        (b"/a\\b", E::Delimiter),
        (b"/a\\..\\b", E::Delimiter),
        (b"/a;b", E::Delimiter),
        (b"/a/..;/b", E::Delimiter),
        (b"/a#b", E::Delimiter),
        (b"/a b", E::Delimiter),
        (b"/a\0", E::Control),
        (b"/a\tb", E::Control),
        (b"/a%00", E::Control),
        (b"/a%0d%0ab", E::Control),
        (b"/a%7f", E::Control),
        (b"/a\xff", E::NotUtf8),
        (b"/%c0%af", E::NotUtf8),
    ];
    for (raw, error) in cases {
        let shown = String::from_utf8_lossy(raw);
        assert_eq!(read(raw), Err(error), "{shown}");
    }
}

fn covers(prefix: &str, path: &str) -> bool {
    let path = OriginalPath::read(path.as_bytes()).unwrap();
    prefix.parse::<Prefix>().unwrap().covers(&path)
}

#[test]
fn a_prefix_is_of_whole_segments() {
    for path in ["/api", "/api/", "/api/x", "/api/x/y"] {
        assert!(covers("/api", path), "{path}");
        assert!(covers("/", path), "{path}");
    }
    for path in ["/", "/apix", "/ap", "/x/api", "/API", "/api.json"] {
        assert!(!covers("/api", path), "{path}");
    }
    assert!(covers("/", "/") && covers("/über uns", "/%C3%BCber%20uns/team"));
}

#[test]
fn a_prefix_knows_its_look_alikes() {
    let path = |raw: &str| OriginalPath::read(raw.as_bytes()).unwrap();
    let prefix: Prefix = "/Admin/Über".parse().unwrap();
    assert!(prefix.covers_in_any_case(&path("/aDMIN/%C3%BCber/x")));
    assert!(!prefix.covers_in_any_case(&path("/admin")));
}

#[test]
fn a_prefix_is_written_as_it_is_read() {
    assert_eq!("/api/".parse::<Prefix>(), Err(PrefixError::Slash));
    for text in ["/a%20b", "/a?b", "/a/*"] {
        assert_eq!(text.parse::<Prefix>(), Err(PrefixError::Encoded), "{text}");
    }
    let relative = Err(PrefixError::Path(PathError::Relative));
    assert_eq!("api".parse::<Prefix>(), relative);
}
