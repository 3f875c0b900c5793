/** What a piece of work in this process prints on standard output, which stays clean meanwhile. */
export async function printed(work: () => Promise<unknown>): Promise<string> {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (part: string) => {
    text += part;
    return true;
  };
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
  return text;
}
