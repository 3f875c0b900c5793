import { benchCopy } from './copy';
import { benchDelivery } from './delivery';
import { benchDemo } from './demo';
import { benchEngine } from './engine';
import { benchOcm } from './ocm';
import { benchProduct } from './product';
import { benchReconcile } from './reconcile';
import { benchTransfer } from './transfer';

/** `npm run bench [-- copy] [-- transfer] [-- product] [-- reconcile] [-- delivery] [-- ocm] [-- engine] [-- demo] [-- --cold]`: everything, or what is named. */
async function main(words: readonly string[]): Promise<void> {
  const wanted = words.filter(word => !word.startsWith('-'));
  const asked = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  if (asked('copy')) await benchCopy();
  if (asked('transfer')) await benchTransfer();
  if (asked('product')) await benchProduct();
  if (asked('reconcile')) await benchReconcile();
  if (asked('delivery')) await benchDelivery();
  if (asked('ocm')) await benchOcm();
  if (asked('engine')) await benchEngine();
  if (asked('demo')) await benchDemo({ cold: words.includes('--cold') });
}

void main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
