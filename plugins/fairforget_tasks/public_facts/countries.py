"""Countries and their capitals.

Names are those of English usage; "the" stands where a sentence needs it. After ``|`` stand further spellings that an
answer may have; accents and apostrophes need none.

Left out, because the answer would not be plain:

- two capitals, or the seat of government elsewhere: Benin, Bolivia, Eswatini, Ivory Coast, Malaysia, the Netherlands,
  South Africa, Sri Lanka, Tanzania, Yemen;
- no capital by law: Nauru, Switzerland;
- moved, moving or renamed of late: Burundi, Equatorial Guinea, Indonesia, Kazakhstan, Myanmar;
- disputed: Israel, Kosovo, Palestine, Taiwan, Western Sahara;
- known by the name of an atoll or of a town on it: Kiribati;
- a country and a state of the USA by one name: Georgia;
- one name is in the other, so that the question gives the answer: Andorra, Djibouti, El Salvador, Guatemala,
  Guinea-Bissau, Kuwait, Luxembourg, Mexico, Monaco, Panama, San Marino, São Tomé and Príncipe, Singapore, the Vatican.
"""

from __future__ import annotations

from typing import Final

COUNTRIES: Final = """\
Afghanistan: Kabul
Albania: Tirana
Algeria: Algiers
Angola: Luanda
Antigua and Barbuda: St. John's | Saint John's | St John's
Argentina: Buenos Aires
Armenia: Yerevan
Australia: Canberra
Austria: Vienna
Azerbaijan: Baku
the Bahamas: Nassau
Bahrain: Manama
Bangladesh: Dhaka | Dacca
Barbados: Bridgetown
Belarus: Minsk
Belgium: Brussels
Belize: Belmopan
Bhutan: Thimphu
Bosnia and Herzegovina: Sarajevo
Botswana: Gaborone
Brazil: Brasília
Brunei: Bandar Seri Begawan
Bulgaria: Sofia
Burkina Faso: Ouagadougou
Cambodia: Phnom Penh
Cameroon: Yaoundé
Canada: Ottawa
Cape Verde: Praia
the Central African Republic: Bangui
Chad: N'Djamena
Chile: Santiago
China: Beijing | Peking
Colombia: Bogotá
the Comoros: Moroni
the Democratic Republic of the Congo: Kinshasa
the Republic of the Congo: Brazzaville
Costa Rica: San José
Croatia: Zagreb
Cuba: Havana
Cyprus: Nicosia
the Czech Republic: Prague
Denmark: Copenhagen
Dominica: Roseau
the Dominican Republic: Santo Domingo
East Timor: Dili
Ecuador: Quito
Egypt: Cairo
Eritrea: Asmara
Estonia: Tallinn
Ethiopia: Addis Ababa
Fiji: Suva
Finland: Helsinki
France: Paris
Gabon: Libreville
the Gambia: Banjul
Germany: Berlin
Ghana: Accra
Greece: Athens
Grenada: St. George's | Saint George's | St George's
Guinea: Conakry
Guyana: Georgetown
Haiti: Port-au-Prince
Honduras: Tegucigalpa
Hungary: Budapest
Iceland: Reykjavík
India: New Delhi | Delhi
Iran: Tehran | Teheran
Iraq: Baghdad
Ireland: Dublin
Italy: Rome
Jamaica: Kingston
Japan: Tokyo
Jordan: Amman
Kenya: Nairobi
Kyrgyzstan: Bishkek
Laos: Vientiane
Latvia: Riga
Lebanon: Beirut
Lesotho: Maseru
Liberia: Monrovia
Libya: Tripoli
Liechtenstein: Vaduz
Lithuania: Vilnius
Madagascar: Antananarivo
Malawi: Lilongwe
the Maldives: Malé
Mali: Bamako
Malta: Valletta
the Marshall Islands: Majuro
Mauritania: Nouakchott
Mauritius: Port Louis
the Federated States of Micronesia: Palikir
Moldova: Chișinău | Kishinev
Mongolia: Ulaanbaatar | Ulan Bator
Montenegro: Podgorica
Morocco: Rabat
Mozambique: Maputo
Namibia: Windhoek
Nepal: Kathmandu
New Zealand: Wellington
Nicaragua: Managua
Niger: Niamey
Nigeria: Abuja
North Korea: Pyongyang
North Macedonia: Skopje
Norway: Oslo
Oman: Muscat
Pakistan: Islamabad
Palau: Ngerulmud
Papua New Guinea: Port Moresby
Paraguay: Asunción
Peru: Lima
the Philippines: Manila
Poland: Warsaw
Portugal: Lisbon
Qatar: Doha
Romania: Bucharest
Russia: Moscow
Rwanda: Kigali
Saint Kitts and Nevis: Basseterre
Saint Lucia: Castries
Saint Vincent and the Grenadines: Kingstown
Samoa: Apia
Saudi Arabia: Riyadh
Senegal: Dakar
Serbia: Belgrade
the Seychelles: Victoria
Sierra Leone: Freetown
Slovakia: Bratislava
Slovenia: Ljubljana
the Solomon Islands: Honiara
Somalia: Mogadishu
South Korea: Seoul
South Sudan: Juba
Spain: Madrid
Sudan: Khartoum
Suriname: Paramaribo
Sweden: Stockholm
Syria: Damascus
Tajikistan: Dushanbe
Thailand: Bangkok
Togo: Lomé
Tonga: Nuku'alofa
Trinidad and Tobago: Port of Spain
Tunisia: Tunis
Turkey: Ankara
Turkmenistan: Ashgabat
Tuvalu: Funafuti
Uganda: Kampala
Ukraine: Kyiv | Kiev
the United Arab Emirates: Abu Dhabi
the United Kingdom: London
the United States: Washington, D.C. | Washington | Washington DC
Uruguay: Montevideo
Uzbekistan: Tashkent
Vanuatu: Port Vila
Venezuela: Caracas
Vietnam: Hanoi
Zambia: Lusaka
Zimbabwe: Harare
"""
