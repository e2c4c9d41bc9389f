type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `is<number>()(value)` compiles if the value's type is `number`, neither wider nor narrower. */
export function is<Expected>() {
  return <Found>(_found: Found, ..._same: Equal<Expected, Found> extends true ? [] : [expected: Expected]): void =>
    undefined;
}
