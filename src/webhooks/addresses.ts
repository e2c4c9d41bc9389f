/*
 * Hosts that lie within a private network, or on the machine itself. A webhook that is sent there would let whoever writes the configuration
 * of one service reach what others have hidden from him. A Worker cannot ask what address a name has, so names are judged by
 * themselves; the platform's own network has no way into anybody's private one.
 */

/** Names that no public DNS has, or that are reserved (RFC 2606, 6761, 6762, 8375, ICANN's `internal`). */
const PRIVATE_NAMES =
  /^(?:[^.]*|.*\.(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|svc|test|invalid|home\.arpa))$/;

/** IPv4, as prefix and length: RFC 6890 and what else is no address of a host in public. */
const PRIVATE_V4: readonly (readonly [number, number])[] = [
  [v4("0.0.0.0"), 8],
  [v4("10.0.0.0"), 8],
  [v4("100.64.0.0"), 10],
  [v4("127.0.0.0"), 8],
  [v4("169.254.0.0"), 16],
  [v4("172.16.0.0"), 12],
  [v4("192.0.0.0"), 24],
  [v4("192.0.2.0"), 24],
  [v4("192.88.99.0"), 24],
  [v4("192.168.0.0"), 16],
  [v4("198.18.0.0"), 15],
  [v4("198.51.100.0"), 24],
  [v4("203.0.113.0"), 24],
  [v4("224.0.0.0"), 3],
];

/** `hostname` as `URL` writes it: in small letters, an IPv4 address in four decimal parts, an IPv6 address in brackets. */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isPrivateV6(groupsOf(hostname.slice(1, -1)));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return isPrivateV4(v4(hostname));
  return PRIVATE_NAMES.test(hostname.replace(/\.$/, ""));
}

function v4(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateV4(address: number): boolean {
  return PRIVATE_V4.some(([prefix, length]) => {
    const size = 2 ** (32 - length);
    return Math.floor(address / size) === Math.floor(prefix / size);
  });
}

/** Only 2000::/3 is in public use, and within it some parts lead to an IPv4 address, or nowhere. */
function isPrivateV6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, , , , g = 0, h = 0] = groups;
  // What an IPv4 address lies in: mapped and translated ones (::ffff:0:0/96, 64:ff9b::/96), and 6to4.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return isPrivateV4(g * 65_536 + h);
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0))
    return isPrivateV4(g * 65_536 + h);
  if (a === 0x2002) return isPrivateV4(b * 65_536 + c);
  // Teredo and others that IETF protocols have (2001::/23), and documentation.
  const isSpecial = a === 0x2001 && (b < 0x200 || b === 0xdb8);
  return a < 0x2000 || a > 0x3ffe || isSpecial;
}

function groupsOf(text: string): number[] {
  const [before = "", after] = text.split("::");
  const parts = (half: string) => (half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16)));
  if (after === undefined) return parts(before);
  const [left, right] = [parts(before), parts(after)];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
