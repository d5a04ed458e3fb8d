/// Bytes that a plugin holds of the host's memory, by what they are for.
package struct AllocatedBytes: Sendable, Equatable {
    package var weights: UInt64 = 0
    package var sequences: UInt64 = 0
    package var work: UInt64 = 0
    package var other: UInt64 = 0

    package init() {}

    package var total: UInt64 { weights + sequences + work + other }

    package subscript(tag: MemoryTag) -> UInt64 {
        get {
            switch tag {
            case .weights: weights
            case .sequences: sequences
            case .work: work
            case .other: other
            }
        }
        set {
            switch tag {
            case .weights: weights = newValue
            case .sequences: sequences = newValue
            case .work: work = newValue
            case .other: other = newValue
            }
        }
    }
}

extension AllocatedBytes: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&weights)
        try wire.pass(&sequences)
        try wire.pass(&work)
        try wire.pass(&other)
    }
}
