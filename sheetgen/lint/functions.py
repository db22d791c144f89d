"""The functions Excel knows: since when, and with how many arguments.

Facts of the file format, grouped by `least most` number of arguments; 255 stands for "any number".
"""

from collections.abc import Iterator, Sequence

Fault = tuple[str, str]  # rule, message
MOST = 255


def _table(text: str) -> dict[str, tuple[int, int]]:
    """Function name -> (least, most), from lines `least most NAME NAME ...`."""
    rows = (line.split() for line in text.strip().splitlines())
    return {name: (int(least), int(most)) for least, most, *names in rows for name in names}


EXCEL_2007 = _table("""
0 0 FALSE NA NOW PI RAND TODAY TRUE
0 1 COLUMN ROW
1 1 ABS ACOS ACOSH AREAS ASC ASIN ASINH ATAN ATANH BAHTTEXT BIN2DEC CHAR CLEAN CODE COLUMNS COS COSH COUNTBLANK
1 1 CUBESETCOUNT DATESTRING DATEVALUE DAY DBCS DEGREES ERFC ERROR.TYPE EVEN EXP FACT FACTDOUBLE FISHER FISHERINV GAMMALN
1 1 HEX2DEC HOUR IMABS IMAGINARY IMARGUMENT IMCONJUGATE IMCOS IMEXP IMLN IMLOG10 IMLOG2 IMREAL IMSIN IMSQRT INFO INT
1 1 ISBLANK ISERR ISERROR ISEVEN ISLOGICAL ISNA ISNONTEXT ISNUMBER ISODD ISREF ISTEXT JIS LEN LENB LN LOG10 LOWER
1 1 MDETERM MINUTE MINVERSE MONTH N NORMSDIST NORMSINV NOT OCT2DEC ODD PHONETIC PROPER RADIANS ROWS SECOND SIGN SIN
1 1 SINH SQRT SQRTPI T TAN TANH TIMEVALUE TRANSPOSE TRIM TYPE UPPER VALUE YEAR
1 2 BIN2HEX BIN2OCT CELL DEC2BIN DEC2HEX DEC2OCT DELTA DOLLAR ERF GESTEP HEX2BIN HEX2OCT HYPERLINK INDIRECT IRR
1 2 LEFT LEFTB LOG OCT2BIN OCT2HEX RIGHT RIGHTB ROMAN TRUNC USDOLLAR WEEKDAY WEEKNUM YEN
1 3 FIXED
1 4 GROWTH LINEST LOGEST TREND
1 255 AND AVEDEV AVERAGE AVERAGEA CONCATENATE COUNT COUNTA CUBEVALUE DEVSQ GCD GEOMEAN HARMEAN IMPRODUCT IMSUM KURT
1 255 LCM MAX MAXA MEDIAN MIN MINA MODE MULTINOMIAL OR PRODUCT SKEW STDEV STDEVA STDEVP STDEVPA SUM SUMPRODUCT SUMSQ
1 255 VAR VARA VARP VARPA
2 2 ATAN2 BESSELI BESSELJ BESSELK BESSELY CEILING CHIDIST CHIINV CHITEST COMBIN CORREL COUNTIF COVAR DOLLARDE
2 2 DOLLARFR EDATE EFFECT EOMONTH EXACT FLOOR FREQUENCY FTEST FVSCHEDULE IFERROR IMDIV IMPOWER IMSUB INTERCEPT LARGE
2 2 MMULT MOD MROUND NOMINAL NUMBERSTRING PEARSON PERCENTILE PERMUT POWER QUARTILE QUOTIENT RANDBETWEEN REPT ROUND
2 2 ROUNDDOWN ROUNDUP RSQ SLOPE SMALL STEYX SUMX2MY2 SUMX2PY2 SUMXMY2 TEXT TINV TRIMMEAN
2 3 AVERAGEIF COMPLEX CUBEMEMBER DAYS360 FIND FINDB IF LOOKUP MATCH NETWORKDAYS PERCENTRANK RANK SEARCH SEARCHB SUMIF
2 3 WORKDAY XIRR YEARFRAC ZTEST
2 4 INDEX
2 5 ADDRESS CUBESET
2 255 CHOOSE COUNTIFS GETPIVOTDATA NPV SUBTOTAL
3 3 CONFIDENCE CONVERT CRITBINOM CUBEMEMBERPROPERTY DATE DATEDIF DAVERAGE DCOUNT DCOUNTA DGET DMAX DMIN DPRODUCT
3 3 DSTDEV DSTDEVP DSUM DVAR DVARP EXPONDIST FDIST FINV FORECAST GAMMAINV LOGINV LOGNORMDIST MID MIDB MIRR
3 3 NEGBINOMDIST NORMINV POISSON SLN STANDARDIZE TBILLEQ TBILLPRICE TBILLYIELD TDIST TIME XNPV
3 4 COUPDAYBS COUPDAYS COUPDAYSNC COUPNCD COUPNUM COUPPCD CUBEKPIMEMBER CUBERANKEDMEMBER HLOOKUP PROB SUBSTITUTE
3 4 VLOOKUP
3 5 BETADIST BETAINV EUROCONVERT FV NPER OFFSET PMT PV
3 6 RATE
3 255 AVERAGEIFS RTD SUMIFS
4 4 BINOMDIST GAMMADIST HYPGEOMDIST ISPMT NORMDIST REPLACE REPLACEB SERIESSUM SYD TTEST WEIBULL
4 5 ACCRINTM DB DDB DISC INTRATE PRICEDISC RECEIVED YIELDDISC
4 6 IPMT PPMT
5 6 DURATION MDURATION PRICEMAT YIELDMAT
5 7 VDB
6 6 CUMIPMT CUMPRINC
6 7 AMORDEGRC AMORLINC PRICE YIELD
6 8 ACCRINT
7 8 ODDLPRICE ODDLYIELD
8 9 ODDFPRICE ODDFYIELD
""")

EXCEL_2010 = _table("""
1 1 ERF.PRECISE ERFC.PRECISE GAMMALN.PRECISE NORM.S.INV
1 2 CEILING.PRECISE FLOOR.PRECISE ISO.CEILING
1 255 MODE.MULT MODE.SNGL STDEV.P STDEV.S VAR.P VAR.S
2 2 CHISQ.DIST.RT CHISQ.INV CHISQ.INV.RT CHISQ.TEST COVARIANCE.P COVARIANCE.S ECMA.CEILING F.TEST NORM.S.DIST
2 2 PERCENTILE.EXC PERCENTILE.INC QUARTILE.EXC QUARTILE.INC T.DIST.2T T.DIST.RT T.INV T.INV.2T
2 3 PERCENTRANK.EXC PERCENTRANK.INC RANK.AVG RANK.EQ Z.TEST
2 4 NETWORKDAYS.INTL WORKDAY.INTL
3 3 BINOM.INV CHISQ.DIST CONFIDENCE.NORM CONFIDENCE.T EXPON.DIST F.DIST.RT F.INV F.INV.RT GAMMA.INV LOGNORM.INV
3 3 NORM.INV POISSON.DIST T.DIST
3 5 BETA.INV
3 255 AGGREGATE
4 4 BINOM.DIST F.DIST GAMMA.DIST LOGNORM.DIST NEGBINOM.DIST NORM.DIST T.TEST WEIBULL.DIST
4 6 BETA.DIST
5 5 HYPGEOM.DIST
""")

NEWER = _table("""
0 1 SHEET SHEETS
0 5 RANDARRAY
1 1 ACOT ACOTH ANCHORARRAY ARABIC COT COTH CSC CSCH DETECTLANGUAGE ENCODEURL FORMULATEXT GAMMA GAUSS IMCOSH IMCOT
1 1 IMCSC IMCSCH IMSEC IMSECH IMSINH IMTAN ISFORMULA ISOMITTED ISOWEEKNUM MUNIT PHI SEC SECH SINGLE UNICHAR UNICODE
1 1 WEBSERVICE
1 2 ARRAYTOTEXT VALUETOTEXT
1 3 CEILING.MATH FLOOR.MATH NUMBERVALUE TOCOL TOROW TRANSLATE TRIMRANGE UNIQUE
1 4 SEQUENCE SORT
1 5 IMAGE
1 255 CONCAT HSTACK LAMBDA PY SKEW.P VSTACK XOR
2 2 BITAND BITLSHIFT BITOR BITRSHIFT BITXOR BYCOL BYROW COMBINA DAYS DECIMAL FIELDVALUE FILTERXML IFNA PERCENTOF
2 2 PERMUTATIONA
2 3 BASE DROP FILTER REDUCE REGEXTEST SCAN TAKE WRAPCOLS WRAPROWS
2 4 EXPAND FORECAST.ETS.SEASONALITY REGEXEXTRACT XMATCH
2 6 TEXTAFTER TEXTBEFORE TEXTSPLIT
2 11 STOCKHISTORY
2 255 CHOOSECOLS CHOOSEROWS IFS MAP SORTBY
3 3 FORECAST.LINEAR MAKEARRAY PDURATION RRI
3 4 BINOM.DIST.RANGE
3 5 REGEXREPLACE
3 6 FORECAST.ETS FORECAST.ETS.STAT XLOOKUP
3 7 FORECAST.ETS.CONFINT
3 8 GROUPBY
3 255 LET MAXIFS MINIFS SWITCH TEXTJOIN
4 11 PIVOTBY
""")

UNPREFIXED = {"ECMA.CEILING", "ISO.CEILING", "NETWORKDAYS.INTL", "WORKDAY.INTL"}  # newer, yet stored without _xlfn.
WORKSHEET_ONLY = {"FILTER", "SORT", "PY"}  # stored as _xlfn._xlws.NAME

# Which arguments must be ranges (not numbers, texts or arrays), as (start, stop, step) in the argument list.
_FIRST, _SECOND, _PAIRS, _REST = ((0, 1, 1),), ((1, 2, 1),), ((0, MOST, 2),), ((1, MOST, 1),)
_CRITERIA = ((0, 1, 1), (1, MOST, 2))
_RANGES = {
    _FIRST: "AREAS COLUMN COUNTBLANK COUNTIF FORMULATEXT ISFORMULA OFFSET PHONETIC ROW",
    _SECOND: "CELL GETPIVOTDATA RANK RANK.AVG RANK.EQ",
    _PAIRS: "AVERAGEIF COUNTIFS SUMIF DAVERAGE DCOUNT DCOUNTA DGET DMAX DMIN DPRODUCT DSTDEV DSTDEVP DSUM DVAR DVARP",
    _CRITERIA: "AVERAGEIFS MAXIFS MINIFS SUMIFS",
    _REST: "SUBTOTAL",
}
RANGES = {name: parts for parts, names in _RANGES.items() for name in names.split()}
RETURN_RANGES = {"CHOOSE", "IF", "INDEX", "INDIRECT", "OFFSET"}


def bare(name: str) -> str:
    """The function's name in capitals, without _xlfn. and _xlws."""
    return name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def may_return_range(name: str) -> bool:
    """Whether the result may stand where Excel wants a range."""
    return bare(name) in RETURN_RANGES or name.upper().startswith("_XLFN.")


def function_faults(name: str, arguments: Sequence[str], literals: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with calling `name` so; each argument is 'range', 'value' or 'empty', with the text in it."""
    base = bare(name)
    yield from _spelling(name, base)
    yield from _portability(base, literals)
    arity = EXCEL_2007.get(base) or EXCEL_2010.get(base) or NEWER.get(base)
    count = len(arguments)
    if count > MOST:
        yield "formula-arguments", f"{base} has {count} arguments, and Excel stops at 255: pass a range."
    elif arity and not arity[0] <= count <= arity[1]:
        least, most = arity
        span = f"{least}" if least == most else f"{least} or more" if most == MOST else f"{least} to {most}"
        span += " argument" if most == 1 else " arguments"
        yield "argument-count", f"{base} takes {span} and has {count}: correct the call."
    for part in RANGES.get(base, ()):
        for position in range(count)[slice(*part)]:
            if arguments[position] != "range":
                yield "argument-reference", f"{base} wants a range as argument {position + 1}: pass cells, not a value."


def _portability(base: str, literals: Sequence[str]) -> Iterator[Fault]:
    """What programs do not do alike."""
    if base == "FIXED":
        yield "portability", 'FIXED is not known to every program: write ROUND(x,d)&"".'
    elif base == "INDEX" and len(literals) == 2:
        yield "portability", "Programs take the single index of INDEX for a row, or not: give a row and a column."
    elif base == "TEXT" and len(literals) > 1 and {".", ","} & {*literals[1]}:
        yield "portability", 'The decimal sign in the format of TEXT depends on the country: write ROUND(x,d)&"".'


def _spelling(name: str, base: str) -> Iterator[Fault]:
    """Known? Prefixed when it must be, and only then? Older than 2011?"""
    prefix = name[: len(name) - len(base)].upper()
    if base in EXCEL_2007:
        if prefix:
            yield "unknown-function", f"{name} is as old as the file format: write {base} without the prefix."
    elif base not in EXCEL_2010 and base not in NEWER:
        yield "unknown-function", f"Excel has no function {name}: it would show #NAME?; correct the spelling."
    elif prefix != ("_XLFN._XLWS." if base in WORKSHEET_ONLY else "_XLFN.") and not (base in UNPREFIXED and not prefix):
        full = ("_xlfn._xlws." if base in WORKSHEET_ONLY else "_xlfn.") + base
        yield "future-prefix", f"{name} would show #NAME? until it is edited: write {full} in the file."
    elif base in NEWER:
        yield "newer-than-2010", f"{base} does not exist in Excel 2010: use functions that all our readers have."
