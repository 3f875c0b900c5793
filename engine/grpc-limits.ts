/** The SDK allows messages of this size; so do we. */
export const GRPC_LIMITS = {
  'grpc.max_receive_message_length': 400 * 1024 * 1024,
  'grpc.max_send_message_length': 400 * 1024 * 1024,
};
