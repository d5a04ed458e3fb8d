/// How the requests of a key stand among others at a busy model.
package struct Standing: Sendable, Equatable {
    /// The lowest number that a request may have: lower numbers come first.
    package var priority = 0
    /// The key's part of a model, in proportion to others'.
    package var share = 1.0

    package init() {}
}
