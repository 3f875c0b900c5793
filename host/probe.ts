import { get } from 'node:http';

/** True when a GET of this plain-HTTP URL is answered with a status below 500. Names under `.localhost` mean loopback. */
export function httpAnswers(url: string, timeoutMs = 2000): Promise<boolean> {
  return new Promise(resolve => {
    const { hostname, port, pathname, search, host } = new URL(url);
    const target = hostname.endsWith('.localhost') || hostname === 'localhost' ? '127.0.0.1' : hostname;
    const request = get(
      { host: target, port: port || 80, path: pathname + search, headers: { host }, timeout: timeoutMs, agent: false },
      response => {
        response.resume();
        resolve((response.statusCode ?? 500) < 500);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
