import NIOCore

/// Passes on what one read brought in two parts, so that the decoder of HTTP/2 does not keep a buffer of half a mebibyte
/// for each connection, which it copies at each read.
///
/// swift-nio-http2 appends what comes behind what it has decoded, as long as each read ends where a frame or a frame's
/// header ends; with frames of one size it does so for long. It begins its buffer anew when a read ends in the middle of
/// a DATA frame.
final class SplitReads: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// More than a frame's header, and less than a frame of data: the first part ends in the middle of one.
    private static let tailBytes = 64
    /// Smaller reads bring control messages, which are few.
    private static let minimumBytes = 1024

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if bytes.readableBytes >= Self.minimumBytes,
            let first = bytes.readSlice(length: bytes.readableBytes - Self.tailBytes)
        {
            context.fireChannelRead(wrapInboundOut(first))
        }
        context.fireChannelRead(wrapInboundOut(bytes))
    }
}
