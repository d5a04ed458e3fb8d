import Deflate

/// The bytes of a document on their way to a reader: unpacked if they are compressed, refused if
/// they are a file of another kind.
///
/// The output of a piece is delivered a little at a time, however large it is.
struct DocumentSource {
    /// The decoders, applied in order: the body's coding, and a gzip file.
    private var inflaters: [Inflater]
    private var received: [[UInt8]] = []
    /// The beginning, until its kind is known.
    private var beginning: [UInt8]? = []
    private var isComplete = false

    private static let most = 2

    /// - Parameter coding: the content coding the document arrived with; it may be a gzip file as
    ///   well.
    init(coding: Inflater.Format?) {
        inflaters = coding.map { [Inflater($0)] } ?? []
    }

    mutating func append(_ bytes: [UInt8]) {
        received.append(bytes)
    }

    /// Marks the end of the input; the last bytes are delivered then.
    mutating func complete() {
        isComplete = true
    }

    /// The next bytes of the document.
    /// - Returns: nil if more has to be appended first, or if that was all.
    /// - Throws: `CollectionError.otherFile`, `badCompression`.
    mutating func next() throws -> [UInt8]? {
        do {
            guard beginning != nil else { return try unpacked(inflaters.count) }
            return try begun()
        } catch let error as InflateError {
            throw CollectionError.badCompression("\(error)")
        }
    }

    /// Inspects the beginning once there is enough of it.
    private mutating func begun() throws -> [UInt8]? {
        while true {
            while (beginning?.count ?? 0) < FileKind.sample,
                let piece = try unpacked(inflaters.count)
            {
                beginning?.append(contentsOf: piece)
            }
            guard let sample = beginning, sample.count >= FileKind.sample || isComplete else {
                return nil
            }
            if Inflater.isGzip(sample), inflaters.count < Self.most {
                let inflater = Inflater(.gzip)
                inflater.append(sample)
                inflaters.append(inflater)
                beginning = []
                continue
            }
            if let kind = FileKind.name(sample) { throw CollectionError.otherFile(kind) }
            beginning = nil
            if !sample.isEmpty { return sample }
            return try unpacked(inflaters.count)
        }
    }

    /// The next bytes after the first `count` inflaters.
    private mutating func unpacked(_ count: Int) throws -> [UInt8]? {
        guard count > 0 else { return received.isEmpty ? nil : received.removeFirst() }
        let inflater = inflaters[count - 1]
        while true {
            if let piece = try inflater.next() { return piece }
            guard let more = try unpacked(count - 1) else {
                if isComplete { try inflater.finish() }
                return nil
            }
            inflater.append(more)
        }
    }
}
