/// How a JSON value is written. The defaults, except for `escapesUnicode`, are those of Python's
/// `json.dumps`, which is what `tojson` prints in a chat template.
package struct JSONStyle: Sendable {
    package var itemSeparator = ", "
    package var keySeparator = ": "
    /// What one level of nesting is indented by; nil writes everything on one line.
    package var indent: String?
    /// Writes everything beyond ASCII as `\uXXXX` (Python's `ensure_ascii`).
    package var escapesUnicode = false
    package var sortsKeys = false

    package init() {}

    /// Without blanks, for the wire.
    package static let compact: JSONStyle = {
        var style = JSONStyle()
        style.itemSeparator = ","
        style.keySeparator = ":"
        return style
    }()

    /// One blank after each separator, on one line: `json.dumps(value, ensure_ascii=False)`.
    package static let python = JSONStyle()

    package static func indented(by blanks: Int) -> JSONStyle {
        var style = JSONStyle()
        style.itemSeparator = ","
        style.indent = String(repeating: " ", count: max(0, blanks))
        return style
    }
}

extension JSONValue {
    package func serialized(_ style: JSONStyle = .compact) -> String {
        var writer = JSONWriter(style: style)
        writer.write(self)
        return writer.text
    }
}
