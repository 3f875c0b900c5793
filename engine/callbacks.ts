import * as grpc from '@grpc/grpc-js';
import type { Message } from 'google-protobuf';
import { CallbacksClient } from '@pulumi/pulumi/proto/callback_grpc_pb';
import { CallbackInvokeRequest } from '@pulumi/pulumi/proto/callback_pb';
import type { Callback as CallbackMessage } from '@pulumi/pulumi/proto/callback_pb';
import { GRPC_LIMITS } from './grpc-limits';

/** A function of the program that the engine may call: pulumirpc.Callback. */
export interface Callback {
  /** `host:port` of the program's own server. */
  readonly target: string;
  readonly token: string;
}

export function readCallback(message: CallbackMessage): Callback {
  return { target: message.getTarget(), token: message.getToken() };
}

/** Calls functions of the program, over one connection per server. */
export class Callbacks {
  private readonly clients = new Map<string, CallbacksClient>();

  /** Answers the serialised response. Throws with the program's own words when the function fails. */
  call({ target, token }: Callback, request: Message): Promise<Uint8Array> {
    const client =
      this.clients.get(target) ?? new CallbacksClient(target, grpc.credentials.createInsecure(), GRPC_LIMITS);
    this.clients.set(target, client);
    const message = new CallbackInvokeRequest().setToken(token).setRequest(request.serializeBinary());
    return new Promise((resolve, reject) => {
      client.invoke(message, (error, response) => {
        if (error) reject(new Error(error.details || error.message));
        else resolve(response.getResponse_asU8());
      });
    });
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }
}
