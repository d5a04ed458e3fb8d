import Foundation
import Host
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct PrivateFilesTests {
    private func mode(_ path: String) -> mode_t {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
    }

    private func make(_ path: String, _ mode: mode_t, isFolder: Bool) throws {
        if isFolder {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } else {
            try Data().write(to: URL(filePath: path))
        }
        #expect(chmod(path, mode) == 0)
    }

    @Test func whatWasThereBeforeIsTakenFromOthersToo() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let outside = folder + "-outside"
        try make(outside, 0o644, isFolder: false)
        for (path, mode) in [
            ("", 0o755), ("/collections", 0o755), ("/collections/0123456789abcdef", 0o775),
            ("/plugins", 0o700), ("/models", 0o755),
        ] as [(String, mode_t)] {
            try make(folder + path, mode, isFolder: true)
        }
        for (path, mode) in [
            ("/roost.sqlite", 0o644), ("/roost.sqlite-wal", 0o664), ("/notes.txt", 0o644),
            ("/collections/catalog.sqlite", 0o644), ("/plugins/libX.so", 0o755),
            ("/collections/0123456789abcdef/rows.sqlite", 0o644),
        ] as [(String, mode_t)] {
            try make(folder + path, mode, isFolder: false)
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/collections/link", withDestinationPath: outside)
        #expect(PrivateFiles.close(folder).isEmpty)
        #expect(mode(folder) == 0o700 && mode(folder + "/collections") == 0o700)
        #expect(mode(folder + "/collections/0123456789abcdef") == 0o700)
        #expect(mode(folder + "/collections/0123456789abcdef/rows.sqlite") == 0o600)
        #expect(mode(folder + "/roost.sqlite") == 0o600)
        #expect(mode(folder + "/roost.sqlite-wal") == 0o600)
        #expect(mode(folder + "/plugins/libX.so") == 0o700)
        // What is not the host's own, and where links point to, stays as it was.
        #expect(mode(folder + "/notes.txt") == 0o644 && mode(folder + "/models") == 0o755)
        #expect(mode(outside) == 0o644)
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.removeItem(atPath: outside)
    }

    @Test func aLinkToAnotherDiskLeadsToTheSame() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let (disk, rows) = (folder + "-disk", folder + "-rows")
        try make(disk, 0o755, isFolder: true)
        try make(rows, 0o755, isFolder: true)
        try make(disk + "/roost.sqlite", 0o644, isFolder: false)
        try make(rows + "/catalog.sqlite", 0o644, isFolder: false)
        for (link, path) in [(folder, disk), (disk + "/collections", rows)] {
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: path)
        }
        #expect(PrivateFiles.close(folder).isEmpty)
        #expect(mode(disk) == 0o700 && mode(disk + "/roost.sqlite") == 0o600)
        #expect(mode(rows) == 0o700 && mode(rows + "/catalog.sqlite") == 0o600)
        for path in [folder, disk, rows] { try FileManager.default.removeItem(atPath: path) }
    }

    /// Only root can make a link that belongs to somebody else.
    @Test(.enabled(if: geteuid() == 0, "this takes root")) func aLinkOfSomebodyElseIsNotFollowed()
        throws
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let (outside, link) = (folder + "-outside", folder + "/collections")
        try make(folder, 0o1777, isFolder: true)
        try make(outside, 0o755, isFolder: true)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside)
        #expect(lchown(link, 65534, 65534) == 0)
        #expect(PrivateFiles.close(folder) == [folder, link])
        #expect(mode(outside) == 0o755)
        for path in [folder, outside] { try FileManager.default.removeItem(atPath: path) }
    }

    @Test func aFolderThatOthersShareByIntentIsNotTakenFromThem() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try make(folder, 0o1777, isFolder: true)
        try make(folder + "/roost.sqlite", 0o644, isFolder: false)
        #expect(PrivateFiles.close(folder) == [folder])
        #expect(mode(folder) == 0o1777 && mode(folder + "/roost.sqlite") == 0o600)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func aFolderThatIsNotThereYetIsNoConcern() {
        #expect(PrivateFiles.close("/nowhere/at/all").isEmpty)
    }
}
