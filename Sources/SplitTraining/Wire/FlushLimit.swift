import NIOCore

/// Flushes what a server sends in pieces, so that no buffer of the connection grows to a whole tensor.
///
/// swift-nio-ssl encrypts all that one flush holds into one buffer, which keeps its size for as long as the connection lives:
/// about 1 MB for each device that waits for its turn.
final class FlushLimit: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A frame of HTTP/2; see ``WireSettings/maximumFrameBytes``.
    static let maximumBytes = 32 << 10

    private var unflushed = 0

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        unflushed += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
        if unflushed >= Self.maximumBytes { flush(context: context) }
    }

    func flush(context: ChannelHandlerContext) {
        unflushed = 0
        context.flush()
    }
}
