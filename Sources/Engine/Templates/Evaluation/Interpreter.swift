extension Jinja {
    /// Renders one template once.
    final class Interpreter {
        let budget: Budget
        var output = TextBuilder()
        var scope: Scope
        /// The line of the current node, for error messages.
        var line = 1
        private let limits: Limits
        /// Objects that may refer to themselves through their variables; emptied at the end, so
        /// that no cycle outlives the rendering and no chain is released recursively.
        private var scopes: [Scope] = []
        private var namespaces: [Namespace] = []
        private var loops: [Loop] = []

        init(variables: [(name: String, value: Value)], limits: Limits = Limits()) {
            self.limits = limits
            budget = Budget(limits)
            scope = Scope(parent: Self.globals)
            scopes = [scope]
            for (name, value) in variables { scope.variables[name] = value }
        }

        func render(_ statements: [Statement]) throws(TemplateError) -> Text {
            defer { releaseCycles() }
            do {
                _ = try execute(statements)
                return output.text
            } catch let error as TemplateError {
                throw error
            } catch let failure as Failure {
                throw failure.isLimit
                    ? .limit(failure.problem, line: line) : .evaluation(failure.problem, line: line)
            } catch {
                throw .evaluation("\(error)", line: line)
            }
        }

        private func releaseCycles() {
            for scope in scopes { scope.variables = [:] }
            for namespace in namespaces { namespace.variables = [:] }
            for loop in loops { loop.lastChanged = nil }
        }

        /// Releases the variables of this scope at the end, for an object that retains it.
        func retain(_ scope: Scope) { scopes.append(scope) }

        func retain(_ namespace: Namespace) { namespaces.append(namespace) }

        func retain(_ loop: Loop) { loops.append(loop) }

        func write(_ text: Text) throws {
            try budget.spend(for: text)
            guard output.string.utf8.count + text.utf8.count <= limits.bytes else {
                throw Failure.limit("it writes more than \(limits.bytes >> 20) MiB")
            }
            output.append(text)
        }

        /// What `body` writes.
        func captured(_ body: () throws -> Void) throws -> Text {
            let outside = output
            output = TextBuilder()
            defer { output = outside }
            try body()
            return output.text
        }

        /// Runs `body` with variables of its own inside of `parent`.
        func scoped<Result>(
            in parent: Scope, _ body: () throws -> Result
        ) throws -> Result {
            let outside = scope
            scope = Scope(parent: parent)
            defer { scope = outside }
            return try body()
        }

        func text(of value: Value) throws -> Text {
            let text = try value.text(budget)
            try budget.spend(for: text)
            return text
        }
    }

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
