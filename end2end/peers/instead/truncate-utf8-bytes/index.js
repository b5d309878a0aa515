// Stands in for the package of that name, whose licence is none of those we take: the longest beginning of a text that fits
// into so many bytes of UTF-8, no character cut.

module.exports = (text, most) => {
  let bytes = 0;
  let fits = "";
  for (const sign of text) {
    bytes += Buffer.byteLength(sign);
    if (bytes > most) break;
    fits += sign;
  }
  return fits;
};
