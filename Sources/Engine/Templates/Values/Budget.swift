extension Jinja {
    /// The remaining limits of one rendering.
    final class Budget {
        private let limits: Limits
        private var steps: Int
        private var depth = 0

        init(_ limits: Limits) {
            self.limits = limits
            steps = limits.steps
        }

        func spend(_ cost: Int) throws {
            steps -= cost
            if steps < 0 { throw Failure.limit("it takes more than \(limits.steps) steps") }
        }

        /// Pays for reading or writing this much text.
        func spend(bytes: Int) throws {
            try check(bytes: bytes)
            try spend(1 + bytes / 64)
        }

        func spend(for text: Text) throws {
            try spend(bytes: text.utf8.count)
            try spend(text.runs)
        }

        func check(bytes: Int) throws {
            if bytes > limits.bytes {
                throw Failure.limit("it makes a text of more than \(limits.bytes >> 20) MiB")
            }
        }

        /// Pays for `count` times `bytes` before it is made.
        func spend(bytes: Int, times count: Int) throws {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: max(0, count))
            try spend(bytes: overflow ? Int.max : product)
        }

        func enter() throws {
            depth += 1
            if depth > limits.depth {
                throw Failure.limit("calls nested deeper than \(limits.depth) levels")
            }
        }

        func leave() { depth -= 1 }
    }
}
