import Host
import SearchCollections
import Testing

/// What a client is told when the disk fails the host.
@Suite struct StorageErrorTests {
    @Test func aFullDiskHasAStatusAndACodeOfItsOwn() {
        for error in [CollectionError.storageFull, StorageError.full] as [any Error] {
            let told = APIError(error)
            #expect(told.status == 507 && told.code == "storage_full")
            #expect(told.description.contains("delete"))
        }
    }

    @Test func aFailureIsNoFaultOfAModelAndNamesNoPath() {
        let errors: [any Error] = [
            CollectionError.cannotOpen(path: "/home/me/rows.sqlite", reason: "no"),
            CollectionError.folderInUse("/home/me"), CollectionError.storage("disk I/O error"),
            StorageError.cannotOpen(path: "/home/me/roost.sqlite", reason: "no"),
            StorageError.failed("disk I/O error"),
        ]
        for error in errors {
            let told = APIError(error)
            #expect(told.status == 503 && told.code == "storage_failed")
            #expect(!told.description.contains("/home") && !told.description.isEmpty)
        }
    }
}
