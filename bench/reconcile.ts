import { BenchEnvironment } from './environment';
import { median } from './measure';

const component = 'ocm.software/demos/podinfo';

/**
 * What `airlock watch` does when nothing happened: an update of an environment with 50 deployed products, on a kind cluster of its own
 * or, where `AIRLOCK_BENCH_PLATFORM` is `none`, with the same programs as processes. The first product is measured alone too, so that
 * the price of one more is seen.
 */
export async function benchReconcile(products = Number(process.env['AIRLOCK_BENCH_PRODUCTS'] ?? 50)): Promise<void> {
  const onKind = process.env['AIRLOCK_BENCH_PLATFORM'] !== 'none';
  const bench = await (onKind ? BenchEnvironment.onKind() : BenchEnvironment.begin());
  try {
    await bench.up('dev');
    await bench.release('v1.0.0', 'main');
    const figures: string[] = [];
    for (const count of [1, products]) {
      const more = Array.from({ length: count - 1 }, (_, index) => ({ name: `podinfo-${index + 2}`, component }));
      await bench.configure('consumer', more.length > 0 ? { moreProducts: more } : {});
      await bench.up('consumer');
      await bench.mergeAll('ocm-applications');
      await bench.up('consumer');
      await bench.mergeAll('mpas-ocm-applications');
      await bench.up('consumer');
      const runs: number[] = [];
      for (let run = 0; run < 5; run += 1) runs.push(await bench.up('consumer'));
      console.log(`${count} products: ${runs.map(each => (each / 1000).toFixed(1)).join(', ')} s`);
      figures.push(`no-op update, ${count} products: ${(median(runs) / 1000).toFixed(1)} s`);
    }
    console.log(`\n${figures.join('\n')} (target: 50 products in 10 s)`);
  } finally {
    await bench.end();
  }
}
