import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useCallback, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";

interface Props {
  readonly count: number;
  /** Before a row has been measured. */
  readonly estimate: number;
  /** What a row is, wherever it stands: rows that move keep their element. */
  readonly keyOf: (index: number) => string | number;
  readonly children: (index: number) => ComponentChildren;
  /** What scrolls; without it the window does. */
  readonly scroller?: RefObject<HTMLElement | null>;
  /** A row that is to be in view, for instance that of the keyboard. */
  readonly shown?: number | undefined;
  /** The last rows are near: more may be read. */
  readonly onEnd?: (() => void) | undefined;
  /** Around the rows: "rowgroup", "list". */
  readonly role?: "rowgroup" | "list" | "presentation";
  readonly overscan?: number;
  /** What stands above the rows in the same scroller and covers them, as a sticky head does. */
  readonly coveredTop?: number;
}

/** Any number of rows, of which only those in view are in the document. Their heights are measured, so that rows may grow. */
export function VirtualRows(props: Props) {
  const { count, keyOf, children, shown, onEnd, role = "rowgroup" } = props;
  const [, rerender] = useReducer((n: number) => n + 1, 0);
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(props, box, () => rerender(0));
  const items = virtualizer.getVirtualItems();
  const rowAt = useRows(children);
  // The same each time, or every row would be measured anew with every step of the scrolling.
  const measure = useCallback((element: HTMLElement | null) => virtualizer.measureElement(element), [virtualizer]);
  const last = items.at(-1)?.index ?? -1;
  useLayoutEffect(() => {
    if (last >= count - 10 && count > 0) onEnd?.();
  }, [last, count, onEnd]);
  useLayoutEffect(() => {
    if (shown !== undefined && shown >= 0) virtualizer.scrollToIndex(shown, { align: "auto" });
  }, [shown, virtualizer]);
  const margin = virtualizer.options.scrollMargin;
  return (
    <div ref={box} class="virtual" role={role} style={{ height: `${virtualizer.getTotalSize()}px` }}>
      {items.map((item) => (
        <div
          key={keyOf(item.index)}
          class="virtual-row"
          role="presentation"
          data-index={item.index}
          ref={measure}
          style={{ transform: `translateY(${item.start - margin}px)` }}
        >
          {rowAt(item.index)}
        </div>
      ))}
    </div>
  );
}

/** A row is made once, and again when the rows are others: scrolling makes only those that come into view. */
function useRows(make: (index: number) => ComponentChildren): (index: number) => ComponentChildren {
  const made = useMemo(() => new Map<number, ComponentChildren>(), [make]);
  return (index) => {
    if (!made.has(index)) made.set(index, make(index));
    return made.get(index);
  };
}

type AnyVirtualizer = Virtualizer<HTMLElement, Element> | Virtualizer<Window, Element>;

function useVirtualizer(props: Props, box: RefObject<HTMLElement | null>, onChange: () => void): AnyVirtualizer {
  const { count, estimate, keyOf, scroller, overscan = 8, coveredTop = 0 } = props;
  const made = useRef<AnyVirtualizer | undefined>(undefined);
  const margin = useRef(0);
  const common = {
    count,
    estimateSize: () => estimate,
    getItemKey: keyOf,
    overscan,
    scrollMargin: margin.current,
    scrollPaddingStart: coveredTop,
    scrollPaddingEnd: 8,
    onChange,
  };
  if (scroller === undefined) {
    const options = {
      ...common,
      getScrollElement: () => window,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      scrollToFn: windowScroll,
      initialRect: { width: innerWidth, height: innerHeight },
    };
    made.current ??= new Virtualizer<Window, Element>(options);
    (made.current as Virtualizer<Window, Element>).setOptions(options);
  } else {
    const options = {
      ...common,
      getScrollElement: () => scroller.current,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
    };
    made.current ??= new Virtualizer<HTMLElement, Element>(options);
    (made.current as Virtualizer<HTMLElement, Element>).setOptions(options);
  }
  const virtualizer = made.current;
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
    const before = margin.current;
    margin.current = topOf(box.current, scroller?.current ?? null);
    if (Math.abs(before - margin.current) > 0.5) onChange();
  });
  return virtualizer;
}

/** How far below the beginning of what scrolls the rows begin. */
function topOf(box: HTMLElement | null, scroller: HTMLElement | null): number {
  if (box === null) return 0;
  const top = box.getBoundingClientRect().top;
  return scroller === null ? top + scrollY : top - scroller.getBoundingClientRect().top + scroller.scrollTop;
}
