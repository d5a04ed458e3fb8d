/// Which model to open, and how large a context to make for it.
package struct OpenRequest: Sendable, Equatable {
    /// A file or a directory.
    package var path: String
    /// The model's own settings: a JSON object, or empty.
    package var configJSON: String
    /// Sequences held at the same time.
    package var sequences: Int
    /// Positions per sequence; 0 is the model's own limit.
    package var contextLength: Int
    /// Rows per forward; 0 is the plugin's choice.
    package var batchSize: Int
    /// 0 is no limit.
    package var budgetBytes: UInt64

    package init(
        path: String, configJSON: String = "", sequences: Int = 1, contextLength: Int = 0,
        batchSize: Int = 0, budgetBytes: UInt64 = 0
    ) {
        self.path = path
        self.configJSON = configJSON
        self.sequences = sequences
        self.contextLength = contextLength
        self.batchSize = batchSize
        self.budgetBytes = budgetBytes
    }
}

/// A plugin's findings from a model's headers.
package struct Probe: Sendable, Equatable {
    /// 0: not mine; 1 to 100: how well the plugin serves the model.
    package var score: Int
    package var family: String
    package var bytesHost: UInt64
    package var bytesPerContext: UInt64
}
