import Foundation
import Host
import JSON
import Testing

/// What lies in the folder of models, as people keep models.
@Suite struct ModelFolderTests {
    /// A folder with empty files, gone after the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path

        init(_ files: [String]) throws { try files.forEach { try add($0) } }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func add(_ file: String, _ text: String = "") throws {
            let url = URL(filePath: "\(path)/\(file)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }

        /// Names and sources, the latter within the folder.
        func models(besides known: [Settings.Model] = []) -> [String] {
            ModelFolder.models(in: path, besides: known).map {
                "\($0.name) = \($0.source?.dropFirst(path.count + 1) ?? "")"
            }
        }
    }

    @Test func foldersOfPublishersAreLookedInto() throws {
        let folder = try Folder([
            "plain/config.json", "org/name/config.json", "org/name/model.safetensors",
            "org/pictures/model_index.json", "org/notes/README.md", "a/b/too-deep/config.json",
        ])
        #expect(
            folder.models() == [
                "org/name = org/name", "org/pictures = org/pictures", "plain = plain",
            ])
    }

    @Test func aFolderWithOneGGUFFileGivesItItsName() throws {
        let folder = try Folder([
            "one/model-Q4_K_M.gguf", "one/config.json", "one/mmproj-model.gguf",
            "two/a-Q4_K_M.gguf", "two/a-Q8_0.gguf", "org/name/x.gguf",
        ])
        #expect(
            folder.models() == [
                "one = one/model-Q4_K_M.gguf", "org/name = org/name/x.gguf",
                "two/a-Q4_K_M = two/a-Q4_K_M.gguf", "two/a-Q8_0 = two/a-Q8_0.gguf",
            ])
    }

    @Test func partsAreOneModelAlsoWhereTheFirstIsMissing() throws {
        let folder = try Folder([
            "big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "torn-00002-of-00003.gguf",
            "torn-00003-of-00003.gguf", "split/x-00001-of-00002.gguf",
            "split/x-00002-of-00002.gguf",
        ])
        #expect(
            folder.models() == [
                "big = big-00001-of-00002.gguf", "split = split/x-00001-of-00002.gguf",
                "torn = torn-00002-of-00003.gguf",
            ])
    }

    @Test func theSnapshotOfMainIsFoundInACache() throws {
        let folder = try Folder([
            "models--org--name/snapshots/aaaa/config.json",
            "models--org--name/snapshots/bbbb/config.json",
            "models--gpt2/snapshots/cccc/config.json", "models--org--files/snapshots/dd/x.gguf",
            "models--org--empty/refs/main", "datasets--org--data/snapshots/ee/config.json",
            "models--org--name/blobs/f00",
        ])
        try folder.add("models--org--name/refs/main", "aaaa\n")
        #expect(
            folder.models() == [
                "gpt2 = models--gpt2/snapshots/cccc",
                "org/files = models--org--files/snapshots/dd/x.gguf",
                "org/name = models--org--name/snapshots/aaaa",
            ])
    }

    @Test func twoModelsOfOneNameGetTwoNames() throws {
        let folder = try Folder([
            "x.gguf", "x/config.json", "org/name/config.json",
            "models--org--name/snapshots/aaaa/config.json", "My Model (1).gguf",
        ])
        #expect(
            folder.models() == [
                "My-Model--1- = My Model (1).gguf",
                "org/name = models--org--name/snapshots/aaaa", "org/name-2 = org/name",
                "x = x", "x.gguf = x.gguf",
            ])
    }

    @Test func whatIsKnownKeepsItsName() throws {
        let folder = try Folder(["x.gguf"])
        let known = ModelFolder.models(in: folder.path)
        #expect(folder.models(besides: known) == [])
        try folder.add("x/config.json")
        #expect(folder.models(besides: known) == ["x-2 = x"])
    }
}
