// Of requests that follow each other, as somebody types, only the newest counts: an older one is
// cancelled, and its answer is never shown.

export function latest(work, delay) {
  let timer = null;
  let controller = null;
  const cancel = () => {
    clearTimeout(timer);
    controller?.abort();
  };
  const run = async (mine, parameters) => {
    try {
      await work(mine.signal, ...parameters);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  const start = (wait, parameters) => {
    cancel();
    const mine = new AbortController();
    controller = mine;
    timer = setTimeout(() => run(mine, parameters), wait);
  };
  return { soon: (...parameters) => start(delay, parameters), now: (...parameters) => start(0, parameters), cancel };
}
