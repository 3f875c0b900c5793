import { Command } from 'commander';
import { lintCommand } from './product/lint';

/** `airlock product`: what a vendor does with a product before it is released. */
export function productCommand(): Command {
  const product = new Command('product').description('Check products: components with a product description');
  product.addCommand(lintCommand());
  return product;
}
