/// The calls of a model that makes pictures, a step at a time. All are calls of the lane; several pictures
/// may be under way.
package protocol ImageModel: AnyObject, Sendable {
    /// Starts a picture, which must be ended.
    func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID

    /// Makes one step; refused once the picture is done or a step has failed.
    func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress

    /// The picture so far, perhaps smaller than it will be; only before it is done.
    func previewImage(_ id: ImageID, deadline: Duration?) throws -> Picture

    /// The picture; only once it is done.
    func finishImage(_ id: ImageID, deadline: Duration?) throws -> Picture

    /// Lets go of a picture, whether or not it is done.
    func endImage(_ id: ImageID) throws
}

/// What a model without pictures answers.
extension ImageModel {
    package func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID {
        throw ModelFailure.noImages
    }

    package func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress {
        throw ModelFailure.noImages
    }

    package func previewImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        throw ModelFailure.noImages
    }

    package func finishImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        throw ModelFailure.noImages
    }

    package func endImage(_ id: ImageID) throws {
        throw ModelFailure.noImages
    }
}

extension ModelFailure {
    static var noImages: ModelFailure { .unsupported("the model makes no pictures") }
}
